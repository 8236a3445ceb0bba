# bash completion for greenwave(1) and greenwaved(8)

# The names of this device's objects, from the daemon or its last saved state.
_greenwave_objects() {
  local program=$1 name
  shift
  timeout 2 "$program" show --no-color "$@" 2>/dev/null | while read -r name _; do
    [[ $name == */* ]] && printf '%s\n' "$name"
  done
}

# The kinds and files that have a schema.
_greenwave_explainable() {
  "$1" explain 2>/dev/null | sed -n 's/^  \([^ ]*\)  .*/\1/p'
}

# The device ids in the inventory of the current directory.
_greenwave_devices() {
  [[ -r devices.geojson ]] && grep -o '"type": *"Feature", *"id": *"[^"]*"' devices.geojson | sed 's/.*"\([^"]*\)"$/\1/'
}

_greenwave() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="status sync diff history show pause resume doctor promote fleet bundle lint render impact init identity enroll recipients explain logs help version"
  local options="--config --root --socket --output --no-color --help"
  local allows="--allow --allow-privileged --allow-host-network --host-port"
  local approvals="--trust --signers"
  local -a where=()
  local command="" action="" i
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config | --root | --socket)
        where+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
        ((i++))
        ;;
      -o | --output | -n | --for | --reason | --from | --device | --repo | --branch | --path | --since | --label | --layer) ((i++)) ;;
      --trust | --signers) ((i++)) ;;
      --health | --health-token | --silent-after | --hub | --token-file | --ca | --code) ((i++)) ;;
      --state | --wave | --commit | -q | --bbox | --within | --key | --write) ((i++)) ;;
      --allow | --by | --name | --devices | --ci | -C | --repository) ((i++)) ;;
      -*) ;;
      *)
        [[ $command == fleet ]] && action=${action:-${COMP_WORDS[i]}}
        command=${command:-${COMP_WORDS[i]}}
        ;;
    esac
  done

  case $previous in
    --config | --socket | --from | --devices | --health | --health-token | --trust | --signers | --token-file | --ca | --within | --write)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames
      return
      ;;
    --root | --repo | --path | --allow | -C | --repository)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      compopt -o filenames
      return
      ;;
    -o | --output)
      local formats="text json"
      [[ $command == lint ]] && formats+=" github sarif"
      [[ $command == impact ]] && formats+=" markdown geojson"
      mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$current")
      return
      ;;
    --for)
      mapfile -t COMPREPLY < <(compgen -W "30m 1h 2h 4h 1d" -- "$current")
      return
      ;;
    --silent-after)
      mapfile -t COMPREPLY < <(compgen -W "30m 1h 4h 1d" -- "$current")
      return
      ;;
    --ci)
      mapfile -t COMPREPLY < <(compgen -W "github gitlab both none" -- "$current")
      return
      ;;
    --device)
      mapfile -t COMPREPLY < <(compgen -W "$(_greenwave_devices)" -- "$current")
      return
      ;;
    --state)
      mapfile -t COMPREPLY < <(compgen -W "in-sync applying waiting held paused failed reverted not-reporting" -- "$current")
      return
      ;;
    -n | --reason | --branch | --since | --label | --layer | --by | --name | --hub | --code | --wave | --commit | -q | --bbox | --key) return ;;
  esac

  case $command in
    "") options="$commands $options --version" ;;
    help) options="$commands $options" ;;
    logs) options="--follow --since $options" ;;
    explain) options="$(_greenwave_explainable "${COMP_WORDS[0]}") $options" ;;
    sync) options="--wait --force --allow-empty --from --now --reason $options" ;;
    bundle)
      options="--device --repo --branch --path --since --label --trust $options"
      if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        return
      fi
      ;;
    history) options="-n $options" ;;
    identity) options="--renew --retire $options" ;;
    enroll) options="--hub --code --ca --seal --no-wait $options" ;;
    recipients) options="--layer $options" ;;
    pause) options="--for --reason $options" ;;
    promote)
      options="--repo --branch --path --from --health --health-token --assume-healthy --silent-after --status $approvals $options"
      ;;
    fleet)
      options="--hub --token-file --ca $options"
      case $action in
        "") options="status devices device failing behind rollout cities enrolments approve refuse code revoke sync recipients audit $options" ;;
        devices) options="--state --label --wave --commit --reason -q --bbox --within --unlisted $options" ;;
        approve | refuse) options="--key $options" ;;
        code) options="--device --for $options" ;;
        sync) options="--reason $options" ;;
        recipients) options="--write --replace $options" ;;
      esac
      case $action in device | approve | refuse | revoke | sync) options="$(_greenwave_devices) $options" ;; esac
      ;;
    lint) options="--path --label $allows $approvals $options" ;;
    render) options="--device --explain --path --label $allows $options" ;;
    impact)
      options="--device --by --repository --path --label $allows $approvals $options"
      if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(git for-each-ref --format='%(refname:short)' 2>/dev/null)" -- "$current")
        return
      fi
      ;;
    init) options="--name --devices --ci $options" ;;
    show)
      if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_greenwave_objects "${COMP_WORDS[0]}" "${where[@]}")" -- "$current")
        return
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}

_greenwaved() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  case $previous in
    --config | --from)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames
      ;;
    --root)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      compopt -o filenames
      ;;
    --log-level) mapfile -t COMPREPLY < <(compgen -W "error warning info debug" -- "$current") ;;
    *)
      mapfile -t COMPREPLY < <(compgen -W "--config --root --once --allow-empty --force --from --run-cronjob --run-programs --check-config --log-level --help --version" -- "$current")
      ;;
  esac
}

complete -F _greenwave greenwave
complete -F _greenwaved greenwaved
