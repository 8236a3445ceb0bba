#pragma once

#include "drivers/podman/fields/pod_shape.h"

/// The kinds that have pods, and those that pods use.
namespace greenwave::drivers::podman::fields {

inline constexpr std::string_view kept_by_server = "an API server keeps this";

inline constexpr Known label_selector_requirement[]{
    {"key", Type::text, kept}, {"operator", Type::text, kept}, {"values", Type::texts, kept}};
inline constexpr Known label_selector[]{{"matchExpressions", Type::list, kept, label_selector_requirement},
                                        {"matchLabels", Type::text_map, kept}};
inline constexpr Known rolling_update_deployment[]{
    {"maxSurge", Type::whole_or_text, made},
    {"maxUnavailable", Type::whole_or_text, idle("a device exchanges one pod after the other")}};
inline constexpr Known deployment_strategy[]{{"rollingUpdate", Type::map, made, rolling_update_deployment},
                                             {"type", Type::text, made.only("Recreate RollingUpdate")}};
inline constexpr Known object_meta[]{{"annotations", Type::text_map, made},
                                     {"creationTimestamp", Type::text, idle(kept_by_server)},
                                     {"deletionGracePeriodSeconds", Type::whole, idle(kept_by_server)},
                                     {"deletionTimestamp", Type::text, idle(kept_by_server)},
                                     {"finalizers", Type::texts, idle(kept_by_server)},
                                     {"generateName", Type::text, idle("the name counts")},
                                     {"generation", Type::whole, idle(kept_by_server)},
                                     {"labels", Type::text_map, kept},
                                     {"managedFields", Type::list, idle(kept_by_server)},
                                     {"name", Type::text, made},
                                     {"namespace", Type::text, made},
                                     {"ownerReferences", Type::list, idle(kept_by_server)},
                                     {"resourceVersion", Type::text, idle(kept_by_server)},
                                     {"selfLink", Type::text, idle(kept_by_server)},
                                     {"uid", Type::text, idle(kept_by_server)}};
inline constexpr Known pod_template_spec[]{{"metadata", Type::map, kept, object_meta},
                                           {"spec", Type::map, kept, pod}};
inline constexpr Known deployment_spec[]{
    {"minReadySeconds", Type::whole, idle("how long a pod must have been up is health.settle in agent.yaml")},
    {"paused", Type::flag,
     made.only("false", "a device rolls out what the repository has", "hold the commit back")},
    {"progressDeadlineSeconds", Type::whole,
     idle("the annotation greenwave.dev/healthy-within says how long a rollout may take")},
    {"replicas", Type::whole, made},
    {"revisionHistoryLimit", Type::whole, idle("git has the history")},
    {"selector", Type::map, made, label_selector},
    {"strategy", Type::map, made, deployment_strategy},
    {"template", Type::map, made, pod_template_spec}};
inline constexpr Known daemon_set_spec[]{
    {"minReadySeconds", Type::whole, idle("how long a pod must have been up is health.settle in agent.yaml")},
    {"revisionHistoryLimit", Type::whole, idle("git has the history")},
    {"selector", Type::map, made, label_selector},
    {"template", Type::map, made, pod_template_spec},
    {"updateStrategy", Type::map, idle("a device has one pod of it")}};
inline constexpr Known persistent_volume_claim_spec[]{
    {"accessModes", Type::texts, idle("a claim is a volume of podman, as large as the disk")},
    {"dataSource", Type::map, refused("podman makes a volume with nothing in it")},
    {"dataSourceRef", Type::map, refused("podman makes a volume with nothing in it")},
    {"resources", Type::map, idle("a claim is a volume of podman, as large as the disk")},
    {"selector", Type::map, idle("a claim is a volume of podman, as large as the disk"), label_selector},
    {"storageClassName", Type::text, idle("a claim is a volume of podman, as large as the disk")},
    {"volumeAttributesClassName", Type::text, idle("a claim is a volume of podman, as large as the disk")},
    {"volumeMode", Type::text, made.only("Filesystem", "podman has volumes with a file system alone")},
    {"volumeName", Type::text, idle("a claim is a volume of podman, as large as the disk")}};
inline constexpr Known persistent_volume_claim_object[]{
    {"apiVersion", Type::text, kept},
    {"kind", Type::text, kept},
    {"metadata", Type::map, kept, object_meta},
    {"spec", Type::map, kept, persistent_volume_claim_spec},
    {"status", Type::map, idle(kept_by_server)}};
inline constexpr std::string_view claims_stay =
    "claims of a StatefulSet stay with their data, unless podman.prune in agent.yaml says otherwise";
inline constexpr Known claim_retention_policy[]{{"whenDeleted", Type::text, made.only("Retain", claims_stay)},
                                                {"whenScaled", Type::text, made.only("Retain", claims_stay)}};
inline constexpr Known stateful_set_ordinals[]{{"start", Type::whole, made}};
inline constexpr Known rolling_update_stateful_set[]{
    {"maxUnavailable", Type::whole_or_text, idle("a device exchanges one pod after the other")},
    {"partition", Type::whole,
     made.only("0", "a device brings all pods to what the repository has", "leave it out")}};
inline constexpr Known stateful_set_strategy[]{
    {"rollingUpdate", Type::map, made, rolling_update_stateful_set},
    {"type", Type::text,
     made.only("RollingUpdate", "a device brings all pods to what the repository has", "leave it out")}};
inline constexpr Known stateful_set_spec[]{
    {"minReadySeconds", Type::whole, idle("how long a pod must have been up is health.settle in agent.yaml")},
    {"ordinals", Type::map, made, stateful_set_ordinals},
    {"persistentVolumeClaimRetentionPolicy", Type::map, made, claim_retention_policy},
    {"podManagementPolicy", Type::text, made.only("OrderedReady Parallel")},
    {"replicas", Type::whole, made},
    {"revisionHistoryLimit", Type::whole, idle("git has the history")},
    {"selector", Type::map, made, label_selector},
    {"serviceName", Type::text, idle("a Service selects pods by their labels")},
    {"template", Type::map, made, pod_template_spec},
    {"updateStrategy", Type::map, made, stateful_set_strategy},
    {"volumeClaimTemplates", Type::list, made, persistent_volume_claim_object}};
inline constexpr Known job_spec[]{
    {"activeDeadlineSeconds", Type::whole, made},
    {"backoffLimit", Type::whole, made},
    {"backoffLimitPerIndex", Type::whole,
     refused("a device runs a Job by backoffLimit alone", "write backoffLimit")},
    {"completionMode", Type::text, made.only("Indexed NonIndexed")},
    {"completions", Type::whole, made},
    {"managedBy", Type::text, refused("a device runs a Job by backoffLimit alone", "write backoffLimit")},
    {"manualSelector", Type::flag, made.only("false", "a Job finds its pods by itself")},
    {"maxFailedIndexes", Type::whole,
     refused("a device runs a Job by backoffLimit alone", "write backoffLimit")},
    {"parallelism", Type::whole, made},
    {"podFailurePolicy", Type::map,
     refused("a device runs a Job by backoffLimit alone", "write backoffLimit")},
    {"podReplacementPolicy", Type::text, idle("a failed pod has ended before the next one starts")},
    {"selector", Type::map, refused("a Job finds its pods by itself")},
    {"successPolicy", Type::map, refused("a device runs a Job by backoffLimit alone", "write backoffLimit")},
    {"suspend", Type::flag, made},
    {"template", Type::map, made, pod_template_spec},
    {"ttlSecondsAfterFinished", Type::whole, made}};
inline constexpr Known job_template_spec[]{{"metadata", Type::map, kept, object_meta},
                                           {"spec", Type::map, kept, job_spec}};
inline constexpr Known cron_job_spec[]{
    {"concurrencyPolicy", Type::text, made.only("Allow Forbid Replace")},
    {"failedJobsHistoryLimit", Type::whole, idle("the journal has the past runs")},
    {"jobTemplate", Type::map, made, job_template_spec},
    {"schedule", Type::text, made},
    {"startingDeadlineSeconds", Type::whole, made},
    {"successfulJobsHistoryLimit", Type::whole, idle("the journal has the past runs")},
    {"suspend", Type::flag, made},
    {"timeZone", Type::text, made}};
inline constexpr Known config_map_object[]{
    {"apiVersion", Type::text, kept},
    {"kind", Type::text, kept},
    {"binaryData", Type::text_map, made},
    {"data", Type::text_map, made},
    {"immutable", Type::flag, idle("a change in the repository is one that is meant")},
    {"metadata", Type::map, kept, object_meta}};
inline constexpr Known secret_object[]{
    {"apiVersion", Type::text, kept},
    {"kind", Type::text, kept},
    {"data", Type::text_map, made},
    {"immutable", Type::flag, idle("a change in the repository is one that is meant")},
    {"metadata", Type::map, kept, object_meta},
    {"stringData", Type::text_map, made},
    {"type", Type::text, idle("whoever reads a Secret knows what it holds")}};
inline constexpr Known pod_object[]{{"apiVersion", Type::text, kept},
                                    {"kind", Type::text, kept},
                                    {"metadata", Type::map, kept, object_meta},
                                    {"spec", Type::map, kept, pod},
                                    {"status", Type::map, idle(kept_by_server)}};
inline constexpr Known deployment_object[]{{"apiVersion", Type::text, kept},
                                           {"kind", Type::text, kept},
                                           {"metadata", Type::map, kept, object_meta},
                                           {"spec", Type::map, kept, deployment_spec},
                                           {"status", Type::map, idle(kept_by_server)}};
inline constexpr Known daemon_set_object[]{{"apiVersion", Type::text, kept},
                                           {"kind", Type::text, kept},
                                           {"metadata", Type::map, kept, object_meta},
                                           {"spec", Type::map, kept, daemon_set_spec},
                                           {"status", Type::map, idle(kept_by_server)}};
inline constexpr Known stateful_set_object[]{{"apiVersion", Type::text, kept},
                                             {"kind", Type::text, kept},
                                             {"metadata", Type::map, kept, object_meta},
                                             {"spec", Type::map, kept, stateful_set_spec},
                                             {"status", Type::map, idle(kept_by_server)}};
inline constexpr Known job_object[]{{"apiVersion", Type::text, kept},
                                    {"kind", Type::text, kept},
                                    {"metadata", Type::map, kept, object_meta},
                                    {"spec", Type::map, kept, job_spec},
                                    {"status", Type::map, idle(kept_by_server)}};
inline constexpr Known cron_job_object[]{{"apiVersion", Type::text, kept},
                                         {"kind", Type::text, kept},
                                         {"metadata", Type::map, kept, object_meta},
                                         {"spec", Type::map, kept, cron_job_spec},
                                         {"status", Type::map, idle(kept_by_server)}};

inline constexpr std::string_view own_addresses = "Services have addresses of the device's own, IPv4";
inline constexpr std::string_view inside_only =
    "a Service is for the device's own pods; a pod that is to be reached from outside has a hostPort";
inline constexpr Known service_port[]{
    {"appProtocol", Type::text, idle("connections are passed on as they are")},
    {"name", Type::text, idle("ports are found by their numbers")},
    {"nodePort", Type::whole, noted(inside_only)},
    {"port", Type::whole, made},
    {"protocol", Type::text, made.only("TCP UDP SCTP")},
    {"targetPort", Type::whole_or_text, made}};
inline constexpr Known service_spec[]{
    {"allocateLoadBalancerNodePorts", Type::flag, idle(inside_only)},
    {"clusterIP", Type::text, made},
    {"clusterIPs", Type::texts, idle(own_addresses)},
    {"externalIPs", Type::texts, noted(inside_only)},
    {"externalName", Type::text,
     refused("a device's pods find names outside by their DNS", "name the host itself in the pod")},
    {"externalTrafficPolicy", Type::text, idle(inside_only)},
    {"healthCheckNodePort", Type::whole, idle(inside_only)},
    {"internalTrafficPolicy", Type::text, idle("all pods of a device are on it")},
    {"ipFamilies", Type::texts, idle(own_addresses)},
    {"ipFamilyPolicy", Type::text, idle(own_addresses)},
    {"loadBalancerClass", Type::text, noted(inside_only)},
    {"loadBalancerIP", Type::text, noted(inside_only)},
    {"loadBalancerSourceRanges", Type::texts, noted(inside_only)},
    {"ports", Type::list, made, service_port},
    {"publishNotReadyAddresses", Type::flag, idle("pods that are not ready are used where no other one is")},
    {"selector", Type::text_map, made},
    {"sessionAffinity", Type::text,
     made.only("None", "each connection goes to any of the pods", "leave it out")},
    {"sessionAffinityConfig", Type::map, idle("it is for sessionAffinity: ClientIP")},
    {"trafficDistribution", Type::text, idle("all pods of a device are on it")},
    {"type", Type::text,
     made.only("ClusterIP NodePort LoadBalancer", "a device's pods find names outside by their DNS",
               "name the host itself in the pod")}};
inline constexpr Known service_object[]{{"apiVersion", Type::text, kept},
                                        {"kind", Type::text, kept},
                                        {"metadata", Type::map, kept, object_meta},
                                        {"spec", Type::map, kept, service_spec},
                                        {"status", Type::map, idle(kept_by_server)}};

/// A kind with all of its fields.
struct KnownKind {
  std::string_view api_version;
  std::string_view name;
  Shape shape;
};
inline constexpr KnownKind kinds[]{{"v1", "Pod", pod_object},
                                   {"apps/v1", "Deployment", deployment_object},
                                   {"apps/v1", "DaemonSet", daemon_set_object},
                                   {"apps/v1", "StatefulSet", stateful_set_object},
                                   {"batch/v1", "Job", job_object},
                                   {"batch/v1", "CronJob", cron_job_object},
                                   {"v1", "ConfigMap", config_map_object},
                                   {"v1", "Secret", secret_object},
                                   {"v1", "Service", service_object},
                                   {"v1", "PersistentVolumeClaim", persistent_volume_claim_object}};

}  // namespace greenwave::drivers::podman::fields
