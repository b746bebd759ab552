package io.infinito.standalone.stack;

import io.infinito.embedded.EmbeddedProcess;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the default installation consists of: an embedded broker and S3 server, then the four services, which are the very jars that
 * production runs and are told by environment variables where everything is.
 */
public final class StackPlan {
    /** Access key of the embedded S3 server. */
    public static final String ACCESS_KEY = "infinito";
    /** Secret key of the embedded S3 server, which listens on loopback only. */
    public static final String SECRET_KEY = "infinito-secret";
    /** Bucket of the embedded S3 server. */
    public static final String BUCKET = "infinito";

    /**
     * A service that is out of memory is better started again than left half alive. Its classes take some 70 MB: with the usual threshold the
     * whole heap would be collected three times while they are loaded.
     */
    static final List<String> SMALL =
            List.of("-Xmx512m", "-XX:MetaspaceSize=96m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError");

    private final Path home;
    private final DataDirectory data;
    private final Ports ports;

    /**
     * A plan for a built tree.
     *
     * @param home the root of the tree
     */
    public StackPlan(Path home, DataDirectory data, Ports ports) {
        this.home = home;
        this.data = data;
        this.ports = ports;
    }

    /**
     * The processes in the order of their start.
     *
     * @throws StackFailure if a jar is missing
     */
    public List<List<ServiceSpec>> groups() {
        ServiceSpec broker = new ServiceSpec(
                "broker",
                EmbeddedProcess.brokerCommand(data.of("broker"), ports.of(Port.BROKER)),
                Map.of(),
                new Readiness.Announced(),
                List.of(ports.address(Port.BROKER)));
        ServiceSpec s3 = new ServiceSpec(
                "s3",
                EmbeddedProcess.s3Command(data.of("s3"), ports.of(Port.S3)),
                EmbeddedProcess.s3Environment(ACCESS_KEY, SECRET_KEY),
                new Readiness.Announced(),
                List.of(ports.url(Port.S3)));
        return List.of(
                List.of(broker, s3),
                List.of(
                        service("tokenizer", SMALL, Port.TOKENIZER_HTTP, Port.TOKENIZER_GRPC, "ready", Map.of()),
                        service("dataset", SMALL, Port.DATASET_HTTP, null, "ready", Map.of()),
                        service(
                                "trainer",
                                TrainingProcess.JVM_OPTIONS,
                                Port.TRAINER_HTTP,
                                null,
                                "ready",
                                trainerEnvironment()),
                        // Ready only once there is a model, which may be long after the start.
                        service(
                                "inference",
                                SMALL,
                                Port.INFERENCE_HTTP,
                                Port.INFERENCE_GRPC,
                                "live",
                                inferenceEnvironment())));
    }

    private Map<String, String> inferenceEnvironment() {
        Map<String, String> environment = new HashMap<>(OpenMp.asleep(System.getenv()));
        environment.put("INFINITO_INFERENCE_CACHE_DIRECTORY", data.of("models").toString());
        return environment;
    }

    private ServiceSpec service(
            String name, List<String> jvm, Port http, Port grpc, String health, Map<String, String> additional) {
        Path jar = home.resolve(name + "-service/target/quarkus-app/quarkus-run.jar");
        if (!Files.isRegularFile(jar)) {
            throw new StackFailure(jar + " is missing: build it with 'mvn -DskipTests package'");
        }
        Map<String, String> environment = new HashMap<>(common());
        environment.put("QUARKUS_HTTP_PORT", String.valueOf(ports.of(http)));
        List<String> addresses = new ArrayList<>(List.of(ports.url(http)));
        if (grpc != null) {
            environment.put("QUARKUS_GRPC_SERVER_PORT", String.valueOf(ports.of(grpc)));
            environment.put("QUARKUS_GRPC_SERVER_HOST", Ports.HOST);
            addresses.add("gRPC " + ports.address(grpc));
        }
        environment.putAll(additional);
        List<String> command = new ArrayList<>(List.of(TrainingProcess.java()));
        command.addAll(jvm);
        command.addAll(List.of("-jar", jar.toString()));
        return new ServiceSpec(
                name,
                command,
                environment,
                new Readiness.Healthy(URI.create(ports.url(http) + "/q/health/" + health)),
                addresses);
    }

    private Map<String, String> trainerEnvironment() {
        Map<String, String> environment = TrainingProcess.environment(System.getenv());
        environment.put("INFINITO_TRAINER_WORK_FOLDER", data.of("trainer").toString());
        return environment;
    }

    private Map<String, String> common() {
        return Map.of(
                "KAFKA_BOOTSTRAP_SERVERS",
                ports.address(Port.BROKER),
                "QUARKUS_HTTP_HOST",
                Ports.HOST,
                "INFINITO_STORAGE_ENDPOINT",
                ports.url(Port.S3),
                "INFINITO_STORAGE_BUCKET",
                BUCKET,
                "INFINITO_STORAGE_ACCESS_KEY",
                ACCESS_KEY,
                "INFINITO_STORAGE_SECRET_KEY",
                SECRET_KEY,
                "DJL_OFFLINE",
                "true",
                "OPT_OUT_TRACKING",
                "true");
    }
}
