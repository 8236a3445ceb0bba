#include "drivers/podman/sheet.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "drivers/podman/own_volumes.h"
#include "drivers/workload/host_path.h"
#include "support/temporary_directory.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;
using test::PodRender;

namespace {

using Json = nlohmann::json;

/// A Pod called web with one container.
std::string pod_with(const std::string& container, const std::string& spec = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: a}}\nspec:\n" + spec +
         "  containers:\n    - name: main\n      image: i\n" + container;
}

Json container_in(const KubePod& kube_pod) {
  return Json::parse(kube_pod.text)["spec"]["containers"][0];
}

std::string problems_of(const std::string& text) {
  Problems problems;
  read_runnable(test::kube_manifest(text), test::podman_rules, problems);
  return test::text_of(problems);
}

std::string mode_of(const std::filesystem::path& path) {
  struct stat about {};
  REQUIRE(::lstat(path.c_str(), &about) == 0);
  return fmt::format("{:o}:{}", about.st_mode & 07777U, about.st_gid);
}

}  // namespace

TEST_CASE("sheet: podman is told numbers, and nothing that it could read in another way") {
  const auto kube_pod =
      PodRender(
          {pod_with("      resources: {limits: {memory: 0.5Gi, cpu: 1m, ephemeral-storage: 1Gi}, requests: "
                    "{memory: 1Gi}}\n"
                    "      securityContext: {capabilities: {drop: [all], add: [cap_kill]}, runAsUser: 7}\n"
                    "      terminationMessagePath: /x\n"
                    "      stdin: true\n      tty: true\n",
                    "  nodeSelector: {a: b}\n  tolerations: []\n  dnsPolicy: ClusterFirst\n"
                    "  securityContext: {runAsGroup: 8, runAsUser: 9, fsGroup: 4, "
                    "supplementalGroups: [5, 4]}\n")})
          .kube_pod();
  const auto spec = Json::parse(kube_pod.text)["spec"];
  CHECK(spec["securityContext"] == Json{{"supplementalGroups", {4, 5}}});
  CHECK(spec["dnsPolicy"] == "Default");
  CHECK_FALSE(spec.contains("nodeSelector"));
  CHECK(
      spec["containers"][0] ==
      Json{
          {"name", "main"},
          {"image", "i"},
          {"imagePullPolicy", "Never"},
          {"env", Json::array()},
          {"stdin", true},
          {"tty", true},
          {"resources", {{"limits", {{"memory", "536870912"}, {"cpu", "10m"}}}}},
          {"securityContext",
           {{"runAsUser", 7}, {"runAsGroup", 8}, {"capabilities", {{"drop", {"ALL"}}, {"add", {"KILL"}}}}}}});
  CHECK(kube_pod.provision.group == 4);
}

TEST_CASE("sheet: whose user is the image's is settled when the image is there") {
  const auto users = [](const std::string& own, const std::string& pods) {
    return PodRender(
               {pod_with("      securityContext: {" + own + "}\n", "  securityContext: {" + pods + "}\n")})
        .kube_pod()
        .provision.users;
  };
  CHECK(users("", "").empty());
  CHECK(users("", "runAsNonRoot: true, runAsUser: 5").empty());
  CHECK(users("runAsNonRoot: false", "runAsNonRoot: true").empty());
  REQUIRE(users("", "runAsNonRoot: true").size() == 1);
  CHECK(users("", "runAsNonRoot: true").front().non_root);
  REQUIRE(users("runAsGroup: 3", "").size() == 1);
  CHECK(users("runAsGroup: 3", "").front().group == 3);
  CHECK_THAT(problems_of(pod_with("      securityContext: {runAsUser: 0}\n",
                                  "  securityContext: {runAsNonRoot: true}\n")),
             Contains("pod.yaml:9:36: error: ") && Contains("runAsNonRoot forbids it"));
}

TEST_CASE("sheet: a part of a volume is a mount of its own") {
  const std::string volumes =
      "  volumes: [{name: c, configMap: {name: conf}}, {name: e, emptyDir: {}}, {name: h, hostPath: {path: "
      "/srv/h}}, "
      "{name: p, persistentVolumeClaim: {claimName: data}}]\n";
  const auto kube_pod =
      PodRender({pod_with("      env: [{name: DAY, value: today}]\n"
                          "      volumeMounts:\n"
                          "        - {name: c, mountPath: /c}\n"
                          "        - {name: c, mountPath: /one, subPath: port}\n"
                          "        - {name: e, mountPath: /e, subPathExpr: logs/$(DAY)}\n"
                          "        - {name: h, mountPath: /h, subPath: ./a//b, readOnly: true}\n"
                          "        - {name: p, mountPath: /p, subPath: x}\n",
                          volumes),
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {port: '80'}\n"})
          .kube_pod();
  const auto place = "/var/lib/greenwave/pods/" + kube_pod.pod;
  std::map<std::string, std::string> paths;
  const auto pod = Json::parse(kube_pod.text);
  for (const auto& volume : pod["spec"]["volumes"]) paths[volume["name"]] = volume["hostPath"]["path"];
  CHECK(paths == std::map<std::string, std::string>{{"c", place + "/c"},
                                                    {"c-part1", place + "/c/port"},
                                                    {"e-part0", place + "/e/logs/today"},
                                                    {"h-part0", "/srv/h/a/b"},
                                                    {"p-part0", claim_path("data", "x")}});
  CHECK(kube_pod.host_paths == std::vector<std::string>{"/srv/h/a/b"});
  CHECK(kube_pod.provision.claims == std::vector<ClaimPart>{{"data", "x", true}});
  const auto mounts = container_in(kube_pod)["volumeMounts"];
  CHECK(mounts[0]["readOnly"] == true);
  CHECK(mounts[2]["readOnly"] == false);
  CHECK(mounts[3]["readOnly"] == true);
}

TEST_CASE("sheet: a volume of podman's own gets nothing of the image's") {
  const auto kube_pod =
      PodRender(
          {pod_with(
              "      volumeMounts: [{name: p, mountPath: /p}, {name: m, mountPath: /m}]\n",
              "  volumes: [{name: p, persistentVolumeClaim: {claimName: data, readOnly: true}}, {name: m, "
              "emptyDir: {medium: Memory, sizeLimit: 1.5Ki}}]\n")})
          .kube_pod();
  const auto mounts = container_in(kube_pod)["volumeMounts"];
  CHECK(mounts == Json::array({{{"name", "p"}, {"mountPath", "/p:nocopy"}, {"readOnly", true}},
                               {{"name", "m"}, {"mountPath", "/m:nocopy"}, {"readOnly", false}}}));
  REQUIRE(kube_pod.provision.memory.size() == 1);
  CHECK(kube_pod.provision.memory.front().name == kube_pod.pod + "-m");
  CHECK(kube_pod.provision.memory.front().size == 1536);
}

TEST_CASE("sheet: a volume of which nothing is said is an empty directory") {
  const auto kube_pod =
      PodRender({pod_with("      volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /b}]\n",
                          "  volumes: [{name: a}, {name: b, emptyDir: null, configMap: null}]\n")})
          .kube_pod();
  REQUIRE(kube_pod.provision.own.size() == 2);
  CHECK((kube_pod.provision.own[0].writable && kube_pod.provision.own[1].writable));
}

TEST_CASE("sheet: what leads out of a volume is refused, in whatever way it is written") {
  const auto with = [](const std::string& mount) {
    return pod_with(
        "      env: [{name: UP, value: ../..}, {name: ROOT, value: /etc}]\n      volumeMounts: [{name: h, "
        "mountPath: /h, " +
            mount + "}]\n",
        "  volumes: [{name: h, hostPath: {path: /srv/h}}]\n");
  };
  for (const auto* mount : {"subPath: ../x", "subPath: a/../../x", "subPath: /etc", "subPathExpr: ../$(UP)"})
    CHECK_THAT(problems_of(with(mount)), Contains("leads out of the volume"));
  for (const auto* mount : {"subPathExpr: $(UP)", "subPathExpr: $(ROOT)", "subPathExpr: a/$(NONE)"})
    CHECK_THROWS_WITH(PodRender({with(mount)}).kube_pods(), Contains("does not become a path"));
  CHECK_THAT(problems_of(with("subPath: a, subPathExpr: b")), Contains("subPath is there too"));
  for (const auto* path : {"h", "/h:ro", "/"})
    CHECK_THAT(problems_of(pod_with(fmt::format("      volumeMounts: [{{name: h, mountPath: '{}'}}]\n", path),
                                    "  volumes: [{name: h, emptyDir: {}}]\n")),
               Contains("no path in a container"));
}

TEST_CASE("sheet: who may write above a mounted part of a volume is refused") {
  const auto with = [](const std::string& other) {
    return problems_of(
        pod_with("      volumeMounts: [{name: e, mountPath: /e, subPath: x}]\n    - {name: b, image: i, "
                 "volumeMounts: [" +
                     other + "]}\n",
                 "  volumes: [{name: e, emptyDir: {}}]\n"));
  };
  CHECK(with("{name: e, mountPath: /e, subPath: y}") == "");
  CHECK(with("{name: e, mountPath: /e, readOnly: true}") == "");
  CHECK_THAT(with("{name: e, mountPath: /e}"),
             Contains("pod.yaml:9:29: error: ") && Contains("could put a link"));
  // Of a claim and of the host, the plan knows what others do.
  Problems problems;
  const auto manifest =
      test::kube_manifest(pod_with("      volumeMounts: [{name: p, mountPath: /p, subPath: a/b}, {name: h, "
                                   "mountPath: /h, subPathExpr: x/$(Y)/z}]\n",
                                   "  volumes: [{name: p, persistentVolumeClaim: {claimName: data}}, {name: "
                                   "h, hostPath: {path: /srv}}]\n"));
  const auto workload = read_runnable(manifest, test::podman_rules, problems);
  std::vector<std::string> paths;
  for (const auto& mount : mounts_of(workload)) paths.push_back(mount.path);
  CHECK(paths == std::vector<std::string>{"/srv", "/srv/x", "volume data/a/b"});
}

TEST_CASE("sheet: fields of the pod become variables and files, and what cannot is refused") {
  const auto with = [](const std::string& ref) {
    return problems_of(pod_with("      env: [{name: A, valueFrom: {" + ref + "}}]\n"));
  };
  for (const auto* ref :
       {"fieldRef: {fieldPath: metadata.name}", "fieldRef: {fieldPath: \"metadata.labels['app']\"}",
        "fieldRef: {apiVersion: v1, fieldPath: status.hostIP}", "resourceFieldRef: {resource: limits.cpu}",
        "resourceFieldRef: {resource: requests.hugepages-2Mi, containerName: main, divisor: 1Mi}"})
    CHECK(with(ref) == "");
  CHECK_THAT(with("fieldRef: {fieldPath: status.podIP}"),
             Contains("pod.yaml:8:57: error: ") && Contains("hostname -i"));
  CHECK_THAT(with("fieldRef: {fieldPath: metadata.labels}"),
             Contains("a variable cannot have metadata.labels"));
  CHECK_THAT(with("fieldRef: {fieldPath: spec.hostname}"), Contains("a variable cannot have spec.hostname"));
  CHECK_THAT(with("fieldRef: {}"), Contains("there is no fieldPath"));
  CHECK_THAT(with("resourceFieldRef: {resource: limits.gpu}"), Contains("there is no such resource"));
  CHECK_THAT(with("resourceFieldRef: {resource: limits.cpu, containerName: other}"),
             Contains("no such container"));
  CHECK_THAT(with("fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: a, key: b}"),
             Contains("one place"));
  CHECK_THAT(problems_of(pod_with("      env: [{name: a=b, value: c}]\n")),
             Contains("no name of a variable"));
}

TEST_CASE("sheet: variables of a random container are what a model of the kubelet's makes of them") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto name = [&] { return std::string(1, static_cast<char>('A' + random() % 4)); };
    std::string env;
    std::map<std::string, std::string> wanted{{"P_A", "1"}, {"P_B", "2"}};
    for (unsigned i = 0; i < 6; ++i) {
      const auto own = random() % 4 == 0 ? "P_" + name() : name();
      std::string written;
      std::string value;
      for (unsigned k = random() % 4; k > 0; --k) {
        const auto other = random() % 2 == 0 ? "P_" + name() : name();
        if (random() % 3 == 0) {
          written += "$$(" + other + ")";
          value += "$(" + other + ")";
        } else {
          written += "$(" + other + ")";
          value += wanted.contains(other) ? wanted[other] : "$(" + other + ")";
        }
      }
      env += fmt::format("        - {{name: {}, value: \"{}\"}}\n", own, written);
      wanted[own] = value;
    }
    const auto kube_pod =
        PodRender({pod_with("      envFrom: [{prefix: P_, configMapRef: {name: c}}]\n      env:\n" + env),
                   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {A: '1', B: '2'}\n"})
            .kube_pod();
    std::map<std::string, std::string> found;
    const auto container = container_in(kube_pod);
    for (const auto& variable : container["env"]) found[variable["name"]] = variable["value"];
    INFO("seed " << seed << "\n" << env);
    CHECK(found == wanted);
  }
}

TEST_CASE("provision: it is read as it was written") {
  Provision provision;
  provision.own.push_back({"c", {{"a/b", std::string("\0\xff", 2), 0400}}, true, {"x"}});
  provision.memory.push_back({"m", 5});
  provision.claims.push_back({"data", "logs", true});
  provision.users.push_back({"main", "i", true, 7});
  provision.group = 4;
  provision.only_mismatch = true;
  const auto read = provision_from(to_json(provision));
  CHECK(to_json(read) == to_json(provision));
  CHECK(read.own.front().files == provision.own.front().files);
  CHECK(to_json(provision_from(to_json(Provision()))) == to_json(Provision()));
}

TEST_CASE("own volumes: files have their paths, modes and group") {
  if (::geteuid() != 0) return;
  const test::TemporaryDirectory scratch;
  Provision provision;
  provision.own.push_back({"c", {{"a/b", "x", 0400}, {"d", "y", 0755}}, false, {"a", "new"}});
  provision.own.push_back({"e", {}, true, {}});
  provision.own.push_back({"s", {}, true, {"one/two"}});
  const auto plain = scratch.path() / "plain";
  make_volumes(plain.native(), provision);
  CHECK(mode_of(plain / "c/a/b") == "400:0");
  CHECK(mode_of(plain / "c/d") == "755:0");
  CHECK(mode_of(plain / "c/new") == "755:0");
  CHECK(mode_of(plain / "e") == "777:0");
  CHECK(mode_of(plain / "s") == "755:0");
  CHECK(mode_of(plain / "s/one") == "755:0");
  CHECK(mode_of(plain / "s/one/two") == "777:0");
  provision.group = 4000;
  const auto grouped = scratch.path() / "grouped";
  make_volumes(grouped.native(), provision);
  CHECK(mode_of(grouped / "c/a/b") == "440:4000");
  CHECK(mode_of(grouped / "c/a") == "2755:4000");
  CHECK(mode_of(grouped / "e") == "2777:4000");
}

TEST_CASE("own volumes: a link in a claim's volume leads neither a mount nor a group elsewhere") {
  if (::geteuid() != 0) return;
  const test::TemporaryDirectory scratch;
  const auto root = scratch.path() / "volume";
  const auto outside = scratch.path() / "outside";
  std::filesystem::create_directories(root / "logs");
  std::filesystem::create_directories(outside);
  std::ofstream(outside / "secret") << "x";
  std::filesystem::permissions(outside / "secret", std::filesystem::perms(0600));
  std::filesystem::create_symlink(outside, root / "away");
  std::filesystem::create_symlink(outside / "secret", root / "logs/secret");
  std::ofstream(root / "logs/own") << "y";
  std::filesystem::permissions(root / "logs/own", std::filesystem::perms(0600));
  CHECK(make_part(root.native(), "logs/today") == (root / "logs/today").native());
  CHECK(make_part(root.native(), "logs/own") == (root / "logs/own").native());
  CHECK_THROWS_WITH(make_part(root.native(), "away/x"), Contains("is a link"));
  CHECK_THROWS_WITH(make_part(root.native(), "logs/secret"), Contains("is a link"));
  CHECK_FALSE(std::filesystem::exists(outside / "x"));
  give_to_group(root.native(), 4000, false);
  CHECK(mode_of(root) == "2775:4000");
  CHECK(mode_of(root / "logs/own") == "660:4000");
  CHECK(mode_of(outside / "secret") == "600:0");
  std::filesystem::permissions(root / "logs/own", std::filesystem::perms(0600));
  give_to_group(root.native(), 4000, true);
  CHECK(mode_of(root / "logs/own") == "600:4000");
}
