"""Forms of what public repositories ask of kustomize 5.8 beyond the plain features: Name → (files, directory)."""

from kustomize_cases import BASE, on_base, patched

STRUCTURED = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data:
  app.json: '{"server":{"port":80,"name":"web"},"tags":["b","a"]}'
  pretty.json: |-
    {
      "server": {
        "port": 80,
        "name": "<web>"
      }
    }
  app.yaml: |
    # what it serves
    server:
      port: 80
      name: 'web'
      hosts:
        - a
        - b
    level: info
  empty: ""
"""
CLAIMS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  template: {metadata: {labels: {app: store}}, spec: {containers: [{name: store, image: store}]}}
  volumeClaimTemplates: [{metadata: {name: data}}, {metadata: {name: log, labels: {own: x}}}]
"""
NULLS = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {a: null}
  annotations:
    blank:
    written: null
spec:
  paused:
  replicas: null
  template:
    spec:
      initContainers:
      affinity:
        nodeAffinity:
      tolerations: null
      containers:
      - name: web
        image: web
        env:
        resources:
          limits:
            cpu:
"""
CERTIFICATE = """\
apiVersion: example.com/v1
kind: Certificate
metadata: {name: cert}
spec: {secretName: keys, issuer: {name: main}, url: "https://$(HOST):$(PORT)/$$(HOST)", labels: {a: b}, image: "web:1", count: 1}
---
apiVersion: example.com/v1
kind: Issuer
metadata: {name: main}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}], selector: {app: $(HOST)}}
---
apiVersion: v1
kind: Pod
metadata: {name: pod, annotations: {port: $(PORT), ports: $(PORTS), open: $(HOST}}
spec: {containers: [{name: a, image: a, args: [$(HOST), "$(PORT)", "-x=$(PORT)$$", $(NONE)], env: [{name: A, value: $(PORT)}]}]}
"""
VARS = """\
vars:
- {name: HOST, objref: {apiVersion: v1, kind: Service, name: web}}
- {name: PORT, objref: {apiVersion: v1, kind: Service, name: web}, fieldref: {fieldpath: "spec.ports[0].port"}}
- {name: PORTS, objRef: {kind: Service, version: v1, name: web}, fieldRef: {fieldPath: spec.ports}}
"""
CONFIGURATION = """\
namePrefix: [{kind: Certificate, path: spec/url}]
nameSuffix: [{kind: Issuer, path: metadata/name}]
namespace: [{kind: Certificate, path: spec/namespace, create: true}, {path: metadata/namespace}]
commonLabels: [{kind: Certificate, group: example.com, path: spec/labels}]
labels: [{kind: Certificate, path: spec/made/labels, create: true}]
commonAnnotations: [{kind: Certificate, path: spec/labels}]
images: [{kind: Certificate, path: spec/image}]
replicas: [{kind: Certificate, path: spec/count}]
varReference: [{kind: Certificate, path: spec/url}, {kind: Service, path: spec/selector}]
nameReference:
- {kind: Secret, version: v1, fieldSpecs: [{kind: Certificate, path: spec/secretName}]}
- {kind: Issuer, group: example.com, fieldSpecs: [{kind: Certificate, path: spec/issuer/name}]}
"""


def overlay(text, **files):
    return {"overlay/kustomization.yaml": text, **{f"overlay/{name.replace('_', '.')}": content for name, content in files.items()}}, "overlay"


def replaced(paths, source="sourceValue: new", options="{}"):
    return overlay(f"resources: [a.yaml]\nreplacements:\n- {source}\n  targets:\n"
                   f"  - {{select: {{kind: ConfigMap}}, fieldPaths: {paths}, options: {options}}}\n", a_yaml=STRUCTURED)


def equal():
    replace = "- {{op: replace, path: {}, value: {}}}"
    web = "  target: {kind: Deployment}\n"
    return {
        "a replace of a member that is missing": patched(replace.format("/spec/minReadySeconds", "3"), web),
        "a replace by null": patched(replace.format("/spec/none", "null"), web),
        "a replace of a member with a slash": patched(replace.format("/metadata/labels/example.com~1part", "x"), web),
        "a replace in an item": patched(replace.format("/spec/template/spec/containers/0/resources", "{limits: {cpu: 1}}"), web),
        "an empty string as a replacement's source": replaced("[data.copy]", "source: {kind: ConfigMap, fieldPath: data.empty}", "{create: true}"),
        "patterns in a replacement's target": on_base(
            "replacements:\n- source: {kind: Service, name: web}\n  targets:\n"
            "  - {select: {kind: 'Deploy.*|Stateful.*', name: 'w.*|s.*', group: app.}, reject: [{name: 'st.*'}],"
            " fieldPaths: [metadata.annotations.of], options: {create: true}}\n"),
        "a namespace in a replacement's target": on_base(
            "replacements:\n- source: {kind: Service, name: web}\n  targets:\n"
            "  - {select: {namespace: default}, fieldPaths: [metadata.annotations.of], options: {create: true}}\n"),
        "JSON in a value": replaced(r"['data.app\.json.server.name', 'data.app\.json.tags.0']"),
        "JSON in lines": replaced(r"['data.pretty\.json.server.name', 'data.pretty\.json.server.more.deep']", options="{create: true}"),
        "JSON by a condition": replaced(r"['data.app\.json.tags.[=b]']"),
        "a number in JSON": replaced(r"['data.app\.json.server.port']", "sourceValue: '8080'"),
        "a delimiter in JSON": replaced(r"['data.app\.json.server.name']", options="{delimiter: e, index: 0}"),
        "an object in JSON": replaced(r"['data.app\.json.of']", "source: {kind: ConfigMap, fieldPath: metadata}", "{create: true}"),
        "an annotation by a JSON patch where there is none": patched("- {op: add, path: /metadata/annotations/a, value: b}", "  target: {kind: Service}\n"),
        "items that are there twice": overlay(
            "resources: [d.yaml]\npatches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 2}}'}]\n",
            d_yaml="apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, finalizers: [a, b, a]}\nspec:\n  template:\n    spec:\n      containers:\n"
            "      - {name: a, image: a, env: [{name: A, value: x}, {name: B}, {name: A, value: z}], ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]}\n"
            "      - {name: b, image: b, args: [x, x]}\n"),
        "labels of claims": overlay("resources: [s.yaml]\nlabels:\n- {pairs: {t: t}, includeTemplates: true}\n- {pairs: {c: c}, includeVolumeClaimTemplates: true}\n"
                                    "- {pairs: {s: s}, includeSelectors: true}\ncommonLabels: {all: a}\n", s_yaml=CLAIMS),
        "nulls": overlay("resources: [n.yaml]\n", n_yaml=NULLS),
        "nulls in what is patched": overlay("resources: [n.yaml]\npatches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {paused: true}}'}]\n", n_yaml=NULLS),
        "nulls by a target": overlay("resources: [n.yaml]\nimages: [{name: web, newTag: x}]\ncommonAnnotations: {a: b}\ncommonLabels: {a: b}\n"
                                     "patches: [{patch: '{apiVersion: v1, kind: x, metadata: {name: x, labels: {b: c}}}', target: {kind: Deployment}}]\n", n_yaml=NULLS),
        "nulls beside a JSON patch": overlay("resources: [n.yaml]\npatches: [{patch: '[{\"op\": \"replace\", \"path\": \"/spec/paused\", \"value\": 1}]', target: {kind: Deployment}}]\n", n_yaml=NULLS),
        "variables": overlay("resources: [c.yaml]\nnamePrefix: p-\n" + VARS, c_yaml=CERTIFICATE),
        "variables of a base": ({"base/kustomization.yaml": "resources: [c.yaml]\nnameSuffix: -s\n" + VARS, "base/c.yaml": CERTIFICATE,
                                 "overlay/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\nnamespace: city\n"}, "overlay"),
        "configurations": overlay(
            "resources: [c.yaml]\nnamePrefix: p-\nnameSuffix: -s\nnamespace: city\nconfigurations: [f.yaml]\ncommonLabels: {l: l}\n"
            "labels: [{pairs: {m: m}}]\ncommonAnnotations: {note: x}\nimages: [{name: web, newTag: '2'}]\nreplicas: [{name: cert, count: 4}]\n"
            "secretGenerator: [{name: keys, literals: [a=b]}]\n" + VARS, c_yaml=CERTIFICATE, f_yaml=CONFIGURATION),
        "configurations of a base and a component": (
            {"base/kustomization.yaml": "resources: [c.yaml]\nconfigurations: [f.yaml]\nsecretGenerator: [{name: keys, literals: [a=b]}]\n",
             "base/c.yaml": CERTIFICATE, "base/f.yaml": "namePrefix: [{kind: Certificate, path: spec/url}]\n",
             "part/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nconfigurations: [f.yaml]\nnamePrefix: c-\n",
             "part/f.yaml": CONFIGURATION, "overlay/kustomization.yaml": "resources: [../base]\ncomponents: [../part]\nnamePrefix: p-\n"}, "overlay"),
        "a configuration of what is known": overlay(
            "resources: [c.yaml]\nconfigurations: [f.yaml]\ncommonLabels: {l: l}\n", c_yaml=CERTIFICATE,
            f_yaml="commonLabels: [{path: spec/selector, create: true}, {path: metadata/labels, kind: Service, create: true}]\n"),
        "build metadata": (
            {**BASE, "mid/kustomization.yaml": "resources: [../base]\nnameSuffix: -m\nlabels: [{pairs: {a: b}}]\nimages: [{name: web, newTag: x}]\n",
             "part/kustomization.yaml": "kind: Component\nresources: [own.yaml]\n", "part/own.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: own}}\n",
             "overlay/kustomization.yaml": "resources: [../mid]\ncomponents: [../part]\nbuildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]\n"
             "configMapGenerator: [{name: g, literals: [a=b]}]\nnamePrefix: o-\nnamespace: north\ncommonAnnotations: {x: z}\n"
             "patches:\n- {target: {kind: Service}, patch: '[{\"op\": \"add\", \"path\": \"/spec/type\", \"value\": \"NodePort\"}]'}\n"
             "- {target: {kind: Role}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/annotations\", \"value\": {\"a\": \"b\"}}]'}\n"
             "replicas: [{name: web, count: 2}]\nreplacements: [{source: {kind: Service}, targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.x]}]}]\n"},
            "overlay"),
        "build metadata of a base counts for nothing": (
            {"base/kustomization.yaml": "resources: [c.yaml]\nbuildMetadata: [originAnnotations]\n", "base/c.yaml": CERTIFICATE,
             "overlay/kustomization.yaml": "resources: [../base]\n"}, "overlay"),
        "a component alone": ({"overlay/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [c.yaml]\nnamePrefix: p-\n",
                               "overlay/c.yaml": CERTIFICATE}, "overlay"),
        "a component alone that makes nothing": (
            {"overlay/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: p-\n"
             "patches: [{target: {kind: Deployment}, patch: '[{\"op\": \"remove\", \"path\": \"/spec\"}]'}]\n"}, "overlay"),
        "admission policies have no namespace": overlay(
            "resources: [p.yaml]\nnamespace: city\nnamePrefix: p-\n",
            p_yaml="{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}}\n---\n"
            "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: a}, spec: {policyName: a}}\n---\n"
            "{apiVersion: admissionregistration.k8s.io/v1beta1, kind: ValidatingAdmissionPolicy, metadata: {name: b}}\n"),
        "objects that ask for a hash": overlay(
            "resources: [h.yaml]\n",
            h_yaml="{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {internal.config.kubernetes.io/needsHashSuffix: enabled}}, data: {a: b, c: 1.0}}\n---\n"
            "{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {internal.config.kubernetes.io/needsHashSuffix: enabled, x: z}}, stringData: {a: b}}\n---\n"
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: b, annotations: {internal.config.kubernetes.io/needsHashSuffix: 'no', config.kubernetes.io/index: '1', config.kubernetes.io/origin: x}}}\n---\n"
            "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: a, envFrom: [{configMapRef: {name: a}}, {secretRef: {name: a}}]}]}}\n"),
        "a Secret's texts are merged as its data": overlay(
            "resources: [s.yaml]\nsecretGenerator: [{name: s, behavior: merge, literals: [c=d]}]\n",
            s_yaml="{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: YQ==}, stringData: {a: new, b: 'yes'}}\n"),
        "digests of other kinds": overlay(
            "resources: [p.yaml]\nimages: [{name: a, newTag: '9'}]\n",
            p_yaml="{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: 'a@sha512:ab'}, {name: b, image: 'a:1@sha256+b64u:ab'}, {name: c, image: 'a@x'}]}}\n"),
        "fields in other letters": overlay("Resources: [c.yaml]\nnameprefix: p-\nCommonLabels: {a: b}\n", c_yaml=CERTIFICATE),
    }


def refused():
    return {
        "a replace of an item that is missing": patched("- {op: replace, path: /spec/ports/9, value: 1}", "  target: {kind: Service}\n"),
        "a replace below what is missing": patched("- {op: replace, path: /spec/none/at, value: 1}", "  target: {kind: Service}\n"),
        "a null as a replacement's source": overlay(
            "resources: [n.yaml]\nreplacements: [{source: {kind: Deployment, fieldPath: spec.replicas}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.paused]}]}]\n",
            n_yaml=NULLS),
        "a path that a value's JSON does not have": replaced(r"['data.app\.json.server.none']"),
        "a path into plain text": replaced("[data.empty.none]"),
        "a variable twice": overlay("resources: [c.yaml]\n" + VARS + VARS.split("\n", 1)[1], c_yaml=CERTIFICATE),
        "a variable of nothing": overlay("resources: [c.yaml]\nvars: [{name: A, objref: {kind: Service, version: v1, name: none}}]\n", c_yaml=CERTIFICATE),
        "a variable of a field that is missing": overlay(
            "resources: [c.yaml]\nvars: [{name: A, objref: {kind: Service, version: v1, name: web}, fieldref: {fieldPath: spec.none}}]\n", c_yaml=CERTIFICATE),
        "a variable of one of two": overlay(
            "resources: [c.yaml]\nvars: [{name: A, objref: {kind: ConfigMap, version: v1, name: a}}]\n",
            c_yaml="{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"),
        "a configuration that contradicts": overlay(
            "resources: [c.yaml]\nconfigurations: [f.yaml]\n", c_yaml=CERTIFICATE, f_yaml="commonLabels: [{path: spec/selector}]\n"),
        "an unknown field of a configuration": overlay("resources: [c.yaml]\nconfigurations: [f.yaml]\n", c_yaml=CERTIFICATE, f_yaml="nonsense: []\n"),
        "a component alone that patches what it has not": overlay(
            "kind: Component\npatches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: web}}'}]\n"),
        "a component alone that says nothing": overlay("kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: ''\n"),
        "a field with a star": overlay("resources: [c.yaml]\nconfigurations: [f.yaml]\n" + VARS, c_yaml=CERTIFICATE, f_yaml="varReference: [{path: metadata/annotations/*}]\n"),
        "two paths in one line": ({**BASE, "overlay/kustomization.yaml": "resources:\n- ../other\n - ../../base\n"}, "overlay"),
    }
