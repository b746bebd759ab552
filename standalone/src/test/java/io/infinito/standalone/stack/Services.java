package io.infinito.standalone.stack;

import io.infinito.dataset.DatasetTopics;
import io.infinito.embedded.EmbeddedProcess;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;

/** A broker, an S3 server and any number of services, the real jars, each of which can be killed, held up and started again. */
final class Services implements AutoCloseable {
    static final String BROKER = "broker";
    static final String S3 = "s3";

    private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

    private final Path folder;
    private final Path home = Path.of(System.getProperty("infinito.home"));
    private final String brokerAddress;
    private final StorageConfig storage;
    private final Map<String, ServiceSpec> specs = new HashMap<>();
    private final Map<String, ServiceProcess> running = new LinkedHashMap<>();
    private final Map<String, String> names = new HashMap<>();

    /** Starts the broker. */
    Services(Path folder) throws IOException {
        this.folder = folder;
        int port = freePort();
        this.brokerAddress = "127.0.0.1:" + port;
        specs.put(
                BROKER,
                new ServiceSpec(
                        BROKER,
                        EmbeddedProcess.brokerCommand(Files.createDirectories(folder.resolve(BROKER)), port),
                        Map.of(),
                        new Readiness.Announced(),
                        List.of()));
        int s3Port = freePort();
        storage = new StorageConfig(
                "http://127.0.0.1:" + s3Port, "infinito", StackPlan.ACCESS_KEY, StackPlan.SECRET_KEY, "us-east-1");
        specs.put(
                S3,
                new ServiceSpec(
                        S3,
                        EmbeddedProcess.s3Command(Files.createDirectories(folder.resolve(S3)), s3Port),
                        EmbeddedProcess.s3Environment(StackPlan.ACCESS_KEY, StackPlan.SECRET_KEY),
                        new Readiness.Announced(),
                        List.of()));
        start(BROKER);
    }

    DatasetTopics topics() {
        return new DatasetTopics(Map.of("bootstrap.servers", brokerAddress), "");
    }

    String brokers() {
        return brokerAddress;
    }

    /** Starts a replica of a service, whose name begins with that of the service, as in {@code tokenizer-2}; again, if it was killed. */
    void start(String name) {
        ServiceSpec spec = specs.computeIfAbsent(name, this::specify);
        ServiceProcess started = ServiceProcess.start(spec, folder.resolve(name + ".log"));
        running.put(name, started);
        names.put(String.valueOf(started.pid()), name);
        Awaitility.await(name).atMost(READY_TIMEOUT).until(() -> {
            ServiceProcess process = running.get(name);
            if (!process.isAlive()) {
                throw new AssertionError(process.obituary());
            }
            return process.isReady();
        });
    }

    /** The bucket of the S3 server, which has to be started. */
    ObjectStore store() {
        return new ObjectStore(storage);
    }

    /** Where a trainer keeps its files. */
    Path workFolder(String name) {
        return folder.resolve(name + ".work");
    }

    /** Sends a signal, as in {@code kill -STOP}. */
    void signal(String name, String signal) throws IOException, InterruptedException {
        String pid = String.valueOf(running.get(name).pid());
        int code = new ProcessBuilder("kill", "-" + signal, pid).start().waitFor();
        if (code != 0) {
            throw new IOException("kill -" + signal + " " + pid + " of " + name + " ended with " + code);
        }
    }

    /** The name of a process that was started. */
    String nameOf(String pid) {
        return names.get(pid);
    }

    /** Starts it, if it is not there. */
    void ensureRunning(String name) {
        if (!running.containsKey(name)) {
            start(name);
        }
    }

    /** Stops it, if it is there. */
    void ensureStopped(String name) throws InterruptedException {
        if (running.containsKey(name)) {
            stop(name);
        }
    }

    /** As {@code kill -9}. */
    void kill(String name) throws InterruptedException {
        ServiceProcess process = running.remove(name);
        ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
        process.awaitEnd(STOP_TIMEOUT);
    }

    /** As the system asks a service to stop. */
    void stop(String name) throws InterruptedException {
        ServiceProcess process = running.remove(name);
        process.terminate();
        process.awaitEnd(STOP_TIMEOUT);
    }

    /** Records that were ever written to a topic. */
    long written(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", brokerAddress), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            return consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }

    /** What a service has logged. */
    String log(String name) {
        try (Stream<String> lines = Files.lines(folder.resolve(name + ".log"))) {
            return String.join("\n", lines.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        // The broker and the store last: services that stop have something to tell them.
        List<ServiceProcess> servers = Stream.of(BROKER, S3)
                .map(running::remove)
                .filter(Objects::nonNull)
                .toList();
        for (var group : List.of(List.copyOf(running.values()), servers)) {
            group.forEach(ServiceProcess::terminate);
            for (ServiceProcess process : group) {
                process.awaitEnd(STOP_TIMEOUT);
            }
        }
    }

    private ServiceSpec specify(String name) {
        String service = name.replaceFirst("-.*", "");
        String channel = service.equals("tokenizer") ? "texts-in" : "requests-in";
        int http = freePort();
        return new ServiceSpec(
                name,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        service.equals("trainer") ? "-Xmx512m" : "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        // The shortest that the broker allows. As environment variables they would name channels of
                        // their own.
                        "-Dmp.messaging.incoming." + channel + ".session.timeout.ms=6000",
                        "-Dmp.messaging.incoming." + channel + ".heartbeat.interval.ms=1000",
                        "-jar",
                        home.resolve(service + "-service/target/quarkus-app/quarkus-run.jar")
                                .toString()),
                Map.ofEntries(
                        Map.entry("KAFKA_BOOTSTRAP_SERVERS", brokerAddress),
                        Map.entry("QUARKUS_HTTP_HOST", "127.0.0.1"),
                        Map.entry("QUARKUS_HTTP_PORT", String.valueOf(http)),
                        Map.entry("QUARKUS_GRPC_SERVER_HOST", "127.0.0.1"),
                        Map.entry("QUARKUS_GRPC_SERVER_PORT", String.valueOf(freePort())),
                        Map.entry("DJL_OFFLINE", "true"),
                        Map.entry("OPT_OUT_TRACKING", "true"),
                        // Many small pieces, and few of them under way, so that there are many moments to be killed at.
                        Map.entry("INFINITO_TOKENIZER_WORKERS", "1"),
                        Map.entry("INFINITO_DATASET_SHARD_TOKENS", "2048"),
                        Map.entry("INFINITO_DATASET_MAX_PIECES_IN_FLIGHT", "4"),
                        Map.entry("INFINITO_DATASET_CLAIM_TIMEOUT", "PT4S"),
                        Map.entry(
                                "INFINITO_STORAGE_ENDPOINT", storage.endpoint().toString()),
                        Map.entry("INFINITO_STORAGE_BUCKET", storage.bucket()),
                        Map.entry("INFINITO_STORAGE_ACCESS_KEY", storage.accessKey()),
                        Map.entry("INFINITO_STORAGE_SECRET_KEY", storage.secretKey()),
                        Map.entry("INFINITO_STORAGE_RETRY_FOR", "PT1S"),
                        Map.entry(
                                "INFINITO_TRAINER_WORK_FOLDER", workFolder(name).toString()),
                        Map.entry("INFINITO_TRAINER_TAKEOVER_AFTER", "PT3S"),
                        // Many statuses, so that a job can be hit at nearly every step.
                        Map.entry("INFINITO_TRAINER_STATUS_INTERVAL", "PT0.05S"),
                        Map.entry("OMP_NUM_THREADS", "1")),
                new Readiness.Healthy(URI.create("http://127.0.0.1:" + http + "/q/health/ready")),
                List.of());
    }

    private static int freePort() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
