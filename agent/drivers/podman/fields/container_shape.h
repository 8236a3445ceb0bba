#pragma once

#include "drivers/podman/fields/reference_shape.h"
#include "drivers/podman/fields/security_shape.h"

/// A container, with its variables, probes, ports and mounts.
namespace greenwave::drivers::podman::fields {

inline constexpr Known config_map_key_selector[]{
    {"key", Type::text, made}, {"name", Type::text, made}, {"optional", Type::flag, made}};
inline constexpr Known secret_key_selector[]{
    {"key", Type::text, made}, {"name", Type::text, made}, {"optional", Type::flag, made}};
inline constexpr Known env_var_source[]{
    {"configMapKeyRef", Type::map, made, config_map_key_selector},
    {"fieldRef", Type::map, made, object_field_selector},
    {"fileKeyRef", Type::map,
     refused("it is not in every Kubernetes yet", "write configMapKeyRef or secretKeyRef")},
    {"resourceFieldRef", Type::map, made, resource_field_selector},
    {"secretKeyRef", Type::map, made, secret_key_selector}};
inline constexpr Known env_var[]{
    {"name", Type::text, made}, {"value", Type::text, made}, {"valueFrom", Type::map, made, env_var_source}};
inline constexpr Known config_map_env_source[]{{"name", Type::text, made}, {"optional", Type::flag, made}};
inline constexpr Known secret_env_source[]{{"name", Type::text, made}, {"optional", Type::flag, made}};
inline constexpr Known env_from_source[]{{"configMapRef", Type::map, made, config_map_env_source},
                                         {"prefix", Type::text, made},
                                         {"secretRef", Type::map, made, secret_env_source}};
inline constexpr Known exec_action[]{{"command", Type::texts, kept}};
inline constexpr Known http_header[]{{"name", Type::text, kept}, {"value", Type::text, kept}};
inline constexpr Known http_get_action[]{{"host", Type::text, kept},
                                         {"httpHeaders", Type::list, kept, http_header},
                                         {"path", Type::text, kept},
                                         {"port", Type::whole_or_text, kept},
                                         {"scheme", Type::text, made.only("HTTP HTTPS")}};
inline constexpr Known sleep_action[]{{"seconds", Type::whole, kept}};
inline constexpr Known tcp_socket_action[]{{"host", Type::text, kept}, {"port", Type::whole_or_text, kept}};
inline constexpr Known lifecycle_handler[]{
    {"exec", Type::map, made, exec_action},
    {"httpGet", Type::map, made, http_get_action},
    {"sleep", Type::map, made, sleep_action},
    {"tcpSocket", Type::map, refused("Kubernetes does nothing for it", "write exec, httpGet or sleep")}};
inline constexpr Known lifecycle[]{
    {"postStart", Type::map,
     refused("podman restarts a container by itself, and would not run this then",
             "do it in the container's command, or in an init container")},
    {"preStop", Type::map, made, lifecycle_handler},
    {"stopSignal", Type::text,
     refused("podman takes the signal from the image", "set STOPSIGNAL in the image")}};
inline constexpr Known grpc_action[]{{"port", Type::whole, kept}, {"service", Type::text, kept}};
inline constexpr Known probe[]{{"exec", Type::map, made, exec_action},
                               {"failureThreshold", Type::whole, made},
                               {"grpc", Type::map, made, grpc_action},
                               {"httpGet", Type::map, made, http_get_action},
                               {"initialDelaySeconds", Type::whole, made},
                               {"periodSeconds", Type::whole, made},
                               {"successThreshold", Type::whole, made},
                               {"tcpSocket", Type::map, made, tcp_socket_action},
                               {"terminationGracePeriodSeconds", Type::whole,
                                noted("a container that fails its probe has the time that its pod has")},
                               {"timeoutSeconds", Type::whole, made}};
inline constexpr Known container_port[]{{"containerPort", Type::whole, made},
                                        {"hostIP", Type::text, made},
                                        {"hostPort", Type::whole, made},
                                        {"name", Type::text, made},
                                        {"protocol", Type::text, kept.only("SCTP TCP UDP")}};
inline constexpr Known resource_requirements[]{
    {"claims", Type::list, refused("a device has no drivers of resources")},
    {"limits", Type::quantity_map, made},
    {"requests", Type::quantity_map, idle("nothing is scheduled on a device; a resourceFieldRef has them")}};
inline constexpr Known volume_mount[]{
    {"mountPath", Type::text, kept},
    {"mountPropagation", Type::text, kept.only("Bidirectional HostToContainer None")},
    {"name", Type::text, kept},
    {"readOnly", Type::flag, made},
    {"recursiveReadOnly", Type::text,
     kept.only("Disabled IfPossible", "podman cannot make what is mounted below read-only")},
    {"subPath", Type::text, made},
    {"subPathExpr", Type::text, made}};
inline constexpr Known container[]{
    {"args", Type::texts, made},
    {"command", Type::texts, made},
    {"env", Type::list, made, env_var},
    {"envFrom", Type::list, made, env_from_source},
    {"image", Type::text, made},
    {"imagePullPolicy", Type::text, made.only("Always IfNotPresent Never")},
    {"lifecycle", Type::map, made, lifecycle},
    {"livenessProbe", Type::map, made, probe},
    {"name", Type::text, kept},
    {"ports", Type::list, made, container_port},
    {"readinessProbe", Type::map, made, probe},
    {"resizePolicy", Type::list, idle("a change makes a new pod")},
    {"resources", Type::map, made, resource_requirements},
    {"restartPolicy", Type::text,
     made.only("Always", "only an init container can have one of its own, and that makes it a sidecar",
               "write Always for a sidecar, or leave it out")},
    {"restartPolicyRules", Type::list, refused("podman restarts by restartPolicy alone")},
    {"securityContext", Type::map, made, context},
    {"startupProbe", Type::map, made, probe},
    {"stdin", Type::flag, kept},
    {"stdinOnce", Type::flag, refused("nobody attaches to a container on a device")},
    {"terminationMessagePath", Type::text,
     idle("nobody reads the message: greenwave show prints the end of the log")},
    {"terminationMessagePolicy", Type::text,
     idle("nobody reads the message: greenwave show prints the end of the log")
         .only("File FallbackToLogsOnError")},
    {"tty", Type::flag, kept},
    {"volumeDevices", Type::list,
     refused("podman mounts file systems alone", "mount the device by a hostPath of type CharDevice")},
    {"volumeMounts", Type::list, made, volume_mount},
    {"workingDir", Type::text, kept}};

}  // namespace greenwave::drivers::podman::fields
