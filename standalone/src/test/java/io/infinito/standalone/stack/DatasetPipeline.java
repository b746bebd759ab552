package io.infinito.standalone.stack;

import io.infinito.dataset.DatasetTopics;
import io.infinito.embedded.EmbeddedProcess;
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
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;

/** A broker and any number of dataset and tokenizer services, the real jars, each of which can be killed and started again. */
final class DatasetPipeline implements AutoCloseable {
    static final String BROKER = "broker";

    private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

    private final Path folder;
    private final Path home = Path.of(System.getProperty("infinito.home"));
    private final String brokerAddress;
    private final Map<String, ServiceSpec> specs = new HashMap<>();
    private final Map<String, ServiceProcess> running = new LinkedHashMap<>();

    /** Starts the broker. */
    DatasetPipeline(Path folder) throws IOException {
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
        running.put(name, ServiceProcess.start(spec, folder.resolve(name + ".log")));
        Awaitility.await(name).atMost(READY_TIMEOUT).until(() -> {
            ServiceProcess process = running.get(name);
            if (!process.isAlive()) {
                throw new AssertionError(process.obituary());
            }
            return process.isReady();
        });
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
        for (ServiceProcess process : running.values()) {
            process.terminate();
        }
        for (ServiceProcess process : running.values()) {
            process.awaitEnd(STOP_TIMEOUT);
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
                        "-Xmx256m",
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
                        Map.entry("INFINITO_DATASET_CLAIM_TIMEOUT", "PT4S")),
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
