package io.infinito.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dockerfiles, compose file and Kubernetes manifests agree with the services' own configuration and with each other. */
class DeploymentFilesTest {
    private static final Path ROOT = root();
    private static final Path DOCKER = ROOT.resolve("docker");
    private static final Path KUBERNETES = ROOT.resolve("k8s");
    private static final Set<String> HEALTH = Set.of("/q/health/started", "/q/health/live", "/q/health/ready");
    private static final Pattern VARIABLE = Pattern.compile("\\b(?:INFINITO|QUARKUS|KAFKA)_[A-Z_]+(?==)");
    private static final Pattern PUBLISHED = Pattern.compile("(\\d+):(\\d+)$");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static List<DeployedService> services() {
        return Stream.of("tokenizer", "dataset", "trainer", "inference")
                .map(name -> DeployedService.read(ROOT, name))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("services")
    void composePublishesTheServicesPortsUnchanged(DeployedService service) {
        List<String> published = Yaml.at(compose(), "services", service.name(), "ports");
        Set<Integer> inside = new HashSet<>();
        for (String port : published) {
            MatchResult numbers = find(PUBLISHED, port);
            assertThat(numbers.group(1)).isEqualTo(numbers.group(2));
            inside.add(Integer.valueOf(numbers.group(2)));
        }
        assertThat(inside).isEqualTo(service.ports());
    }

    @ParameterizedTest
    @MethodSource("services")
    void composeSetsOnlyPropertiesThatExist(DeployedService service) {
        Map<String, Object> environment = Yaml.at(compose(), "services", service.name(), "environment");
        assertThat(service.variables()).containsAll(environment.keySet());
    }

    @ParameterizedTest
    @MethodSource("services")
    void composeConfinesEveryService(DeployedService service) {
        Map<String, Object> definition = Yaml.at(compose(), "services", service.name());
        assertThat(definition)
                .containsEntry("read_only", true)
                .containsEntry("cap_drop", List.of("ALL"))
                .doesNotContainKeys("privileged", "ulimits", "network_mode");
    }

    @ParameterizedTest
    @MethodSource("services")
    void imagesListenWhereTheirServicesDoByDefault(DeployedService service) {
        assertAgrees(target("jvm.Dockerfile", service.name()), service);
    }

    @ParameterizedTest
    @ValueSource(strings = {"trainer", "inference"})
    void imagesForGpusAgreeWithTheirServices(String name) {
        assertAgrees(target("cuda.Dockerfile", name), DeployedService.read(ROOT, name));
    }

    @Test
    void theNativeImageAgreesWithItsService() {
        assertAgrees(Yaml.text(DOCKER.resolve("inference-native.Dockerfile")), DeployedService.read(ROOT, "inference"));
    }

    @ParameterizedTest
    @CsvSource({"docker-compose.gpu.yml, trainer", "docker-compose.gpu-serving.yml, inference"})
    void composeForGpusBuildsTheirTargets(String file, String name) {
        Map<String, Object> service = Yaml.at(Yaml.documents(ROOT.resolve(file)).get(0), "services", name);
        assertThat(service)
                .containsEntry("build", Map.of("context", ".", "dockerfile", "docker/cuda.Dockerfile", "target", name));
    }

    @Test
    void imagesAskForTheLibtorchThatTheBuildUses() {
        Pattern property = Pattern.compile("<libtorch.version>(.+)</libtorch.version>");
        String version = find(property, Yaml.text(ROOT.resolve("pom.xml"))).group(1);
        assertThat(files(DOCKER, "Dockerfile"))
                .isNotEmpty()
                .allSatisfy(file -> assertThat(Yaml.text(file))
                        .containsPattern("PYTORCH_VERSION=" + Pattern.quote(version) + "\\b"));
    }

    @Test
    void manifestsHaveOnlyFieldsThatKubernetesKnows() {
        manifests()
                .forEach((file, objects) -> objects.forEach(object -> {
                    List<String> unknown = new ArrayList<>();
                    findUnknown("", object, unknown, Collections.newSetFromMap(new IdentityHashMap<>()));
                    assertThat(unknown)
                            .as("unknown fields in %s of %s", object.getKind(), file)
                            .isEmpty();
                }));
    }

    @Test
    void kustomizationsListTheFilesBesideThem() {
        for (Path kustomization : files(KUBERNETES, "kustomization.yaml")) {
            Map<String, Object> document = Yaml.documents(kustomization).get(0);
            List<String> listed = new ArrayList<>(Yaml.<List<String>>at(document, "resources"));
            if (document.containsKey("patches")) {
                List<Map<String, String>> patches = Yaml.at(document, "patches");
                patches.forEach(patch -> listed.add(patch.get("path")));
            }
            assertThat(listed)
                    .as("%s", kustomization)
                    .allSatisfy(name ->
                            assertThat(kustomization.resolveSibling(name)).exists());
            listed.add("kustomization.yaml");
            assertThat(listed)
                    .as("%s", kustomization)
                    .containsAll(files(kustomization.getParent(), ".yaml").stream()
                            .map(file -> file.getFileName().toString())
                            .toList());
        }
    }

    @ParameterizedTest
    @MethodSource("services")
    void podsListenAndAreProbedWhereTheServiceDoes(DeployedService service) {
        Container container = pod(service).getContainers().get(0);
        Map<String, Integer> ports = container.getPorts().stream()
                .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
        Map<String, Integer> expected = new TreeMap<>(Map.of("http", service.httpPort()));
        service.grpcPort().ifPresent(port -> expected.put("grpc", port));
        assertThat(ports).isEqualTo(expected);
        for (Probe probe :
                List.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe())) {
            if (probe.getGrpc() != null) {
                assertThat(service.grpcPort()).contains(probe.getGrpc().getPort());
            } else {
                assertThat(HEALTH).contains(probe.getHttpGet().getPath());
                assertThat(ports).containsKey(probe.getHttpGet().getPort().getStrVal());
            }
        }
        List<ServicePort> addresses =
                object(Service.class, service.name()).getSpec().getPorts();
        assertThat(addresses).hasSameSizeAs(ports.keySet()).allSatisfy(port -> {
            assertThat(port.getTargetPort().getStrVal()).isEqualTo(port.getName());
            assertThat(port.getPort()).isEqualTo(ports.get(port.getName()));
        });
    }

    @Test
    void podsSetOnlyPropertiesThatExist() {
        Set<String> known = services().stream()
                .flatMap(service -> service.variables().stream())
                .collect(Collectors.toSet());
        Map<String, Object> connections = only("base/connections.yaml", "data");
        Map<String, Object> secret = only("storage-secret.example.yaml", "stringData");
        assertThat(known).containsAll(connections.keySet()).containsAll(secret.keySet());
        for (DeployedService service : services()) {
            Container container = pod(service).getContainers().get(0);
            assertThat(container.getEnv())
                    .allSatisfy(variable -> assertThat(service.variables()).contains(variable.getName()));
        }
    }

    @ParameterizedTest
    @MethodSource("services")
    void podsAreConfined(DeployedService service) {
        PodSpec pod = pod(service);
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getEnableServiceLinks()).isFalse();
        assertThat(pod.getContainers()).allSatisfy(container -> {
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .isTrue();
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .isFalse();
        });
    }

    private static void assertAgrees(String dockerfile, DeployedService service) {
        assertThat(dockerfile).contains("QUARKUS_HTTP_PORT=" + service.httpPort());
        service.grpcPort().ifPresent(port -> assertThat(dockerfile).contains("QUARKUS_GRPC_SERVER_PORT=" + port));
        Set<Integer> exposed = Pattern.compile("(?m)^EXPOSE (.+)$")
                .matcher(dockerfile)
                .results()
                .flatMap(line -> Stream.of(line.group(1).split(" ")))
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
        assertThat(exposed).isEqualTo(service.ports());
        assertThat(service.variables())
                .containsAll(VARIABLE.matcher(dockerfile)
                        .results()
                        .map(MatchResult::group)
                        .toList());
    }

    /** The part of the Dockerfile that belongs to one target. */
    private static String target(String file, String name) {
        Pattern part = Pattern.compile("(?ms)^FROM \\S+ AS " + name + "$(.*?)(?=^FROM |\\z)");
        return find(part, Yaml.text(DOCKER.resolve(file))).group(1);
    }

    private static Map<String, Object> compose() {
        return Yaml.documents(ROOT.resolve("docker-compose.yml")).get(0);
    }

    private static Map<String, Object> only(String manifest, String section) {
        return Yaml.at(Yaml.documents(KUBERNETES.resolve(manifest)).get(0), section);
    }

    private static PodSpec pod(DeployedService service) {
        return object(Deployment.class, service.name()).getSpec().getTemplate().getSpec();
    }

    /** An object of the base. */
    private static <T extends HasMetadata> T object(Class<T> type, String name) {
        return manifests().entrySet().stream()
                .filter(file -> file.getKey().startsWith(KUBERNETES.resolve("base")))
                .flatMap(file -> file.getValue().stream())
                .filter(type::isInstance)
                .map(type::cast)
                .filter(object -> object.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + type.getSimpleName() + " " + name));
    }

    private static Map<Path, List<HasMetadata>> manifests() {
        return files(KUBERNETES, ".yaml").stream()
                .filter(file -> !file.endsWith("kustomization.yaml"))
                .collect(Collectors.toMap(
                        file -> file,
                        file -> Yaml.documents(file).stream()
                                .map(DeploymentFilesTest::parse)
                                .toList()));
    }

    private static HasMetadata parse(Map<String, Object> document) {
        String kind = Yaml.at(document, "kind");
        String apiVersion = Yaml.at(document, "apiVersion");
        String group = apiVersion.startsWith("apps/") ? "apps." : "";
        try {
            Class<?> type = Class.forName("io.fabric8.kubernetes.api.model." + group + kind);
            return (HasMetadata) MAPPER.convertValue(document, type);
        } catch (ClassNotFoundException e) {
            throw new AssertionError("Kubernetes has no " + kind + " in " + apiVersion, e);
        }
    }

    /** The model classes keep what they do not know in a map of their own. */
    private static void findUnknown(String path, Object node, List<String> unknown, Set<Object> seen) {
        if (node instanceof Collection<?> items) {
            items.forEach(item -> findUnknown(path + "[]", item, unknown, seen));
        } else if (node instanceof Map<?, ?> map) {
            map.forEach((key, value) -> findUnknown(path + "." + key, value, unknown, seen));
        } else if (node != null && node.getClass().getName().startsWith("io.fabric8.") && seen.add(node)) {
            Stream.of(node.getClass().getMethods())
                    .filter(method ->
                            method.getParameterCount() == 0 && method.getName().startsWith("get"))
                    .forEach(getter -> findUnknown(path, getter, call(getter, node), unknown, seen));
        }
    }

    private static void findUnknown(String path, Method getter, Object value, List<String> unknown, Set<Object> seen) {
        if (!getter.getName().equals("getAdditionalProperties")) {
            findUnknown(path + "." + getter.getName().substring("get".length()), value, unknown, seen);
        } else if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            unknown.add(path + ": " + map.keySet());
        }
    }

    private static Object call(Method getter, Object node) {
        try {
            return getter.invoke(node);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(getter + " failed", e);
        }
    }

    private static MatchResult find(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + pattern + " in " + text));
    }

    private static List<Path> files(Path folder, String ending) {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docker-compose.yml"))) {
            folder = Objects.requireNonNull(folder.getParent(), "not started inside of the source tree");
        }
        return folder;
    }
}
