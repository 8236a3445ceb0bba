# bash completion for greenwave(1) and greenwaved(8)

# The names of this device's objects, as far as the daemon (or its last state) tells them quickly.
_greenwave_objects() {
  local program=$1 name
  shift
  timeout 2 "$program" show --no-color "$@" 2>/dev/null | while read -r name _; do
    [[ $name == */* ]] && printf '%s\n' "$name"
  done
}

_greenwave() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="status sync diff history show pause resume doctor bundle version"
  local options="--config --root --socket --output --no-color --help"
  local -a where=()
  local command="" i
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config | --root | --socket)
        where+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
        ((i++))
        ;;
      -o | --output | -n | --for | --reason | --from | --device | --repo | --branch | --path | --since | --label) ((i++)) ;;
      -*) ;;
      *) command=${command:-${COMP_WORDS[i]}} ;;
    esac
  done

  case $previous in
    --config | --socket | --from)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames
      return
      ;;
    --root | --repo)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      compopt -o filenames
      return
      ;;
    -o | --output)
      mapfile -t COMPREPLY < <(compgen -W "text json" -- "$current")
      return
      ;;
    --for)
      mapfile -t COMPREPLY < <(compgen -W "30m 1h 2h 4h 1d" -- "$current")
      return
      ;;
    -n | --reason | --device | --branch | --path | --since | --label) return ;;
  esac

  case $command in
    "") options="$commands $options" ;;
    sync) options="--wait --force --allow-empty --from --now --reason $options" ;;
    bundle)
      options="--device --repo --branch --path --since --label $options"
      if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        return
      fi
      ;;
    history) options="-n $options" ;;
    pause) options="--for --reason $options" ;;
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
      mapfile -t COMPREPLY < <(compgen -W "--config --root --once --allow-empty --from --log-level --help --version" -- "$current")
      ;;
  esac
}

complete -F _greenwave greenwave
complete -F _greenwaved greenwaved
