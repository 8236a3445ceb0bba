#pragma once

#include "drivers/podman/fields/shape.h"

/// Security contexts.
namespace greenwave::drivers::podman::fields {

inline constexpr Known app_armor_profile[]{
    {"localhostProfile", Type::text, refused("podman does not read it", "write type: RuntimeDefault")},
    {"type", Type::text,
     kept.only("RuntimeDefault", "podman reads no other profile in this field", "write RuntimeDefault")}};
inline constexpr Known capabilities[]{{"add", Type::texts, kept}, {"drop", Type::texts, kept}};
inline constexpr Known se_linux_options[]{{"level", Type::text, kept},
                                          {"role", Type::text, kept},
                                          {"type", Type::text, kept},
                                          {"user", Type::text, kept}};
inline constexpr Known seccomp_profile[]{
    {"localhostProfile", Type::text, refused("podman does not read it", "write type: RuntimeDefault")},
    {"type", Type::text,
     kept.only("RuntimeDefault", "podman reads no other profile in this field", "write RuntimeDefault")}};
inline constexpr Known context[]{
    {"allowPrivilegeEscalation", Type::flag, kept},
    {"appArmorProfile", Type::map, kept, app_armor_profile},
    {"capabilities", Type::map, kept, capabilities},
    {"privileged", Type::flag, kept},
    {"procMount", Type::text, kept.only("Default", "podman masks /proc as Default says")},
    {"readOnlyRootFilesystem", Type::flag, kept},
    {"runAsGroup", Type::whole, made},
    {"runAsNonRoot", Type::flag, made},
    {"runAsUser", Type::whole, made},
    {"seLinuxOptions", Type::map, made, se_linux_options},
    {"seccompProfile", Type::map, kept, seccomp_profile},
    {"windowsOptions", Type::map, refused("devices run Linux")}};
inline constexpr Known pod_context[]{
    {"appArmorProfile", Type::map, kept, app_armor_profile},
    {"fsGroup", Type::whole, made},
    {"fsGroupChangePolicy", Type::text, made.only("Always OnRootMismatch")},
    {"runAsGroup", Type::whole, made},
    {"runAsNonRoot", Type::flag, made},
    {"runAsUser", Type::whole, made},
    {"seLinuxChangePolicy", Type::text, idle("volumes are not labelled")},
    {"seLinuxOptions", Type::map, made, se_linux_options},
    {"seccompProfile", Type::map, kept, seccomp_profile},
    {"supplementalGroups", Type::wholes, kept},
    {"supplementalGroupsPolicy", Type::text, kept.only("Merge", "podman adds them to those of the image")},
    {"sysctls", Type::list,
     refused("podman 4.3 leaves them out of a pod",
             "set them for the whole device by a File in /etc/sysctl.d")},
    {"windowsOptions", Type::map, refused("devices run Linux")}};

}  // namespace greenwave::drivers::podman::fields
