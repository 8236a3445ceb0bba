"""Kubernetes manifests as text, for the tests of podman; JSON is YAML too."""

import json

SLEEP = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do /bin/sleep 0.2; done"]


def manifest(api, kind, name, **members):
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, **members})


def container(name="main", image="localhost/busy:1", command=SLEEP, **more):
    return {"name": name, "image": image, "command": command, "imagePullPolicy": "IfNotPresent", **more}


def pod(name, *containers, **spec):
    return manifest("v1", "Pod", name, spec={"containers": list(containers) or [container()], **spec})


def deployment(name, *containers, replicas=1, **spec):
    spec = {"containers": list(containers) or [container()], **spec}
    return manifest("apps/v1", "Deployment", name, spec={"replicas": replicas, **template(name, spec)})


def template(name, spec):
    """What a Deployment or DaemonSet has of its pods: the template, and the selector that finds them."""
    labels = {"app": name}
    return {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}


def config_map(name, **data):
    return manifest("v1", "ConfigMap", name, data=data)
