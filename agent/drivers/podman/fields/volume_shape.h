#pragma once

#include "drivers/podman/fields/reference_shape.h"

/// A volume.
namespace greenwave::drivers::podman::fields {

inline constexpr Known key_to_path[]{
    {"key", Type::text, made}, {"mode", Type::whole, made}, {"path", Type::text, made}};
inline constexpr Known config_map_volume_source[]{{"defaultMode", Type::whole, made},
                                                  {"items", Type::list, made, key_to_path},
                                                  {"name", Type::text, made},
                                                  {"optional", Type::flag, made}};
inline constexpr Known downward_api_volume_file[]{
    {"fieldRef", Type::map, made, object_field_selector},
    {"mode", Type::whole, made},
    {"path", Type::text, made},
    {"resourceFieldRef", Type::map, made, resource_field_selector}};
inline constexpr Known downward_api_volume_source[]{{"defaultMode", Type::whole, made},
                                                    {"items", Type::list, made, downward_api_volume_file}};
inline constexpr Known empty_dir_volume_source[]{
    {"medium", Type::text, made.only("Memory", "devices have no huge pages for volumes", "write Memory")},
    {"sizeLimit", Type::quantity, made}};
inline constexpr Known host_path_volume_source[]{
    {"path", Type::text, kept},
    {"type", Type::text,
     made.only("BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket")}};
inline constexpr Known persistent_volume_claim_volume_source[]{{"claimName", Type::text, made},
                                                               {"readOnly", Type::flag, made}};
inline constexpr Known config_map_projection[]{
    {"items", Type::list, made, key_to_path}, {"name", Type::text, made}, {"optional", Type::flag, made}};
inline constexpr Known downward_api_projection[]{{"items", Type::list, made, downward_api_volume_file}};
inline constexpr Known secret_projection[]{
    {"items", Type::list, made, key_to_path}, {"name", Type::text, made}, {"optional", Type::flag, made}};
inline constexpr Known volume_projection[]{
    {"clusterTrustBundle", Type::map,
     refused("there is no API server here that gives one", "leave the source out")},
    {"configMap", Type::map, made, config_map_projection},
    {"downwardAPI", Type::map, made, downward_api_projection},
    {"podCertificate", Type::map,
     refused("there is no API server here that gives one", "leave the source out")},
    {"secret", Type::map, made, secret_projection},
    {"serviceAccountToken", Type::map,
     refused("there is no API server here that gives one", "leave the source out")}};
inline constexpr Known projected_volume_source[]{{"defaultMode", Type::whole, made},
                                                 {"sources", Type::list, made, volume_projection}};
inline constexpr Known secret_volume_source[]{{"defaultMode", Type::whole, made},
                                              {"items", Type::list, made, key_to_path},
                                              {"optional", Type::flag, made},
                                              {"secretName", Type::text, made}};
inline constexpr Known volume[]{
    {"awsElasticBlockStore", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"azureDisk", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"azureFile", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"cephfs", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"cinder", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"configMap", Type::map, made, config_map_volume_source},
    {"csi", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"downwardAPI", Type::map, made, downward_api_volume_source},
    {"emptyDir", Type::map, made, empty_dir_volume_source},
    {"ephemeral", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"fc", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"flexVolume", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"flocker", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"gcePersistentDisk", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"gitRepo", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"glusterfs", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"hostPath", Type::map, made, host_path_volume_source},
    {"image", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"iscsi", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"name", Type::text, kept},
    {"nfs", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"persistentVolumeClaim", Type::map, made, persistent_volume_claim_volume_source},
    {"photonPersistentDisk", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"portworxVolume", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"projected", Type::map, made, projected_volume_source},
    {"quobyte", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"rbd", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"scaleIO", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"secret", Type::map, made, secret_volume_source},
    {"storageos", Type::map,
     refused("podman does not support this kind of volume",
             "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")},
    {"vsphereVolume", Type::map,
     refused(
         "podman does not support this kind of volume",
         "write configMap, secret, projected, downwardAPI, emptyDir, hostPath or persistentVolumeClaim")}};

}  // namespace greenwave::drivers::podman::fields
