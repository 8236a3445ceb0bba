#include "render/kustomize/metadata_fields.h"

#include <string>

namespace greenwave::render::kustomize {

namespace {

/// Of kinds that hold a template of pods: where it has `member` ("labels" or "annotations").
void add_templates(std::vector<FieldSpec>& fields, const std::string& member) {
  const auto add = [&](KindFilter kinds, const std::string& path) {
    fields.push_back({std::move(kinds), path + "/metadata/" + member, true});
  };
  add({"", "v1", "ReplicationController"}, "spec/template");
  for (const char* kind : {"Deployment", "ReplicaSet", "DaemonSet"}) add({"", "", kind}, "spec/template");
  add({"batch", "", "Job"}, "spec/template");
  add({"batch", "", "CronJob"}, "spec/jobTemplate");
  add({"batch", "", "CronJob"}, "spec/jobTemplate/spec/template");
}

/// The selectors by which pods of a template choose where to run.
void add_placement(std::vector<FieldSpec>& fields, const char* kind) {
  const std::string spec = "spec/template/spec/";
  for (const std::string affinity : {"affinity/podAffinity/", "affinity/podAntiAffinity/"}) {
    fields.push_back({{"apps", "", kind},
                      spec + affinity +
                          "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/"
                          "labelSelector/matchLabels",
                      false});
    fields.push_back(
        {{"apps", "", kind},
         spec + affinity + "requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
         false});
  }
  fields.push_back({{"apps", "", kind}, spec + "topologySpreadConstraints/labelSelector/matchLabels", false});
}

std::vector<FieldSpec> template_labels() {
  std::vector<FieldSpec> fields;
  add_templates(fields, "labels");
  fields.push_back({{"apps", "", "StatefulSet"}, "spec/template/metadata/labels", true});
  return fields;
}

std::vector<FieldSpec> selector_labels() {
  std::vector<FieldSpec> fields{
      {{"", "v1", "Service"}, "spec/selector", true},
      {{"", "v1", "ReplicationController"}, "spec/selector", true},
      {{"", "", "Deployment"}, "spec/selector/matchLabels", true},
      {{"", "", "ReplicaSet"}, "spec/selector/matchLabels", true},
      {{"", "", "DaemonSet"}, "spec/selector/matchLabels", true},
      {{"apps", "", "StatefulSet"}, "spec/selector/matchLabels", true},
      {{"batch", "", "Job"}, "spec/selector/matchLabels", false},
      {{"batch", "", "CronJob"}, "spec/jobTemplate/spec/selector/matchLabels", false},
      {{"policy", "", "PodDisruptionBudget"}, "spec/selector/matchLabels", false},
      {{"networking.k8s.io", "", "NetworkPolicy"}, "spec/podSelector/matchLabels", false},
      {{"networking.k8s.io", "", "NetworkPolicy"}, "spec/ingress/from/podSelector/matchLabels", false},
      {{"networking.k8s.io", "", "NetworkPolicy"}, "spec/egress/to/podSelector/matchLabels", false},
  };
  add_placement(fields, "Deployment");
  add_placement(fields, "StatefulSet");
  return fields;
}

std::vector<FieldSpec> annotations() {
  std::vector<FieldSpec> fields{{{}, "metadata/annotations", true}};
  add_templates(fields, "annotations");
  fields.push_back({{"", "", "StatefulSet"}, "spec/template/metadata/annotations", true});
  return fields;
}

}  // namespace

const std::vector<FieldSpec>& template_label_fields() {
  static const auto fields = template_labels();
  return fields;
}

const std::vector<FieldSpec>& claim_label_fields() {
  static const std::vector<FieldSpec> fields{
      {{"apps", "", "StatefulSet"}, "spec/volumeClaimTemplates[]/metadata/labels", true}};
  return fields;
}

const std::vector<FieldSpec>& selector_label_fields() {
  static const auto fields = selector_labels();
  return fields;
}

const std::vector<FieldSpec>& annotation_fields() {
  static const auto fields = annotations();
  return fields;
}

}  // namespace greenwave::render::kustomize
