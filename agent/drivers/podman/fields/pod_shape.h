#pragma once

#include "drivers/podman/fields/container_shape.h"
#include "drivers/podman/fields/volume_shape.h"

/// A PodSpec.
namespace greenwave::drivers::podman::fields {

inline constexpr std::string_view one_node =
    "a device is the only node: layers and selectors choose what it gets";

inline constexpr Known pod_dns_config_option[]{{"name", Type::text, kept}, {"value", Type::text, kept}};
inline constexpr Known pod_dns_config[]{{"nameservers", Type::texts, kept},
                                        {"options", Type::list, kept, pod_dns_config_option},
                                        {"searches", Type::texts, kept}};
inline constexpr Known host_alias[]{{"hostnames", Type::texts, kept}, {"ip", Type::text, kept}};
inline constexpr Known pod_os[]{{"name", Type::text, idle("devices run Linux").only("linux")}};
inline constexpr Known pod[]{
    {"activeDeadlineSeconds", Type::whole,
     refused("podman does not end a pod after a time", "write a Job with activeDeadlineSeconds")},
    {"affinity", Type::map, noted(one_node)},
    {"automountServiceAccountToken", Type::flag,
     idle("there is no API server here: a pod gets no token, only the name in a fieldRef")},
    {"containers", Type::list, made, container},
    {"dnsConfig", Type::map, kept, pod_dns_config},
    {"dnsPolicy", Type::text, kept.only("ClusterFirst ClusterFirstWithHostNet Default None")},
    {"enableServiceLinks", Type::flag, idle("no variables are made of Services")},
    {"ephemeralContainers", Type::list,
     refused("a manifest cannot have these", "write them as containers or initContainers")},
    {"hostAliases", Type::list, kept, host_alias},
    {"hostIPC", Type::flag, kept},
    {"hostNetwork", Type::flag, kept},
    {"hostPID", Type::flag, kept},
    {"hostUsers", Type::flag, kept.only("true", "podman runs pods in the device's own user namespace")},
    {"hostname", Type::text, made},
    {"hostnameOverride", Type::text, refused("podman has no such field", "write hostname")},
    {"imagePullSecrets", Type::list, noted("what registries are shown is podman.credentials in agent.yaml")},
    {"initContainers", Type::list, made, container},
    {"nodeName", Type::text, noted(one_node)},
    {"nodeSelector", Type::text_map, noted(one_node)},
    {"os", Type::map, kept, pod_os},
    {"overhead", Type::quantity_map, idle(one_node)},
    {"preemptionPolicy", Type::text, idle(one_node)},
    {"priority", Type::whole, idle(one_node)},
    {"priorityClassName", Type::text, idle(one_node)},
    {"readinessGates", Type::list,
     refused("no controller sets the condition on a device", "write a readinessProbe")},
    {"resourceClaims", Type::list, refused("a device has no drivers of resources")},
    {"resources", Type::map,
     refused("podman limits containers, not a pod", "write the limits at the containers")},
    {"restartPolicy", Type::text, made},
    {"runtimeClassName", Type::text,
     refused("podman has one runtime on a device, which its containers.conf chooses")},
    {"schedulerName", Type::text, idle(one_node)},
    {"schedulingGates", Type::list, refused("nobody opens a gate on a device")},
    {"securityContext", Type::map, made, pod_context},
    {"serviceAccount", Type::text,
     idle("there is no API server here: a pod gets no token, only the name in a fieldRef")},
    {"serviceAccountName", Type::text,
     idle("there is no API server here: a pod gets no token, only the name in a fieldRef")},
    {"setHostnameAsFQDN", Type::flag, kept.only("false", "a pod has no domain here")},
    {"shareProcessNamespace", Type::flag, kept},
    {"subdomain", Type::text, noted("a pod has no domain here")},
    {"terminationGracePeriodSeconds", Type::whole, made},
    {"tolerations", Type::list, idle(one_node)},
    {"topologySpreadConstraints", Type::list, idle(one_node)},
    {"volumes", Type::list, made, volume}};

}  // namespace greenwave::drivers::podman::fields
