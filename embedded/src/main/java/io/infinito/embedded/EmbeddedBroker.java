package io.infinito.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/** One KRaft node, broker and controller in one, that keeps its data: {@code java ... EmbeddedBroker DATA_DIR PORT}. */
public final class EmbeddedBroker {
    private static final String CONTROLLER = "CONTROLLER";

    private EmbeddedBroker() {}

    /**
     * Serves until it is told to end (see {@link ServerMain}).
     *
     * @param args the data directory, which is formatted when it is new, and the port, 0 for a free one
     */
    public static void main(String[] args) {
        ServerMain.run("broker", args, 2, () -> start(Path.of(args[0]), LoopbackPort.reserve("broker", args[1])));
    }

    private static ServerMain.Started start(Path dataDir, int port) throws Exception {
        Path log = Files.createDirectories(dataDir.resolve("log")).toAbsolutePath();
        if (!Files.exists(log.resolve("meta.properties"))) {
            format(log);
        }
        KafkaRaftServer server = new KafkaRaftServer(
                KafkaConfig.fromProps(settings(log, port, LoopbackPort.free()), false), Time.SYSTEM);
        server.startup();
        return new ServerMain.Started(LoopbackPort.HOST + ":" + port, () -> {
            server.shutdown();
            server.awaitShutdown();
        });
    }

    private static void format(Path log) throws Exception {
        try (PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setNodeId(1)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setDirectories(List.of(log.toString()))
                    .setMetadataLogDirectory(log.toString())
                    .setControllerListenerName(CONTROLLER)
                    .setPrintStream(silent)
                    .run();
        } catch (IOException e) {
            throw new IOException("cannot format the broker's data directory " + log + ": " + e.getMessage(), e);
        }
    }

    private static Properties settings(Path log, int port, int controllerPort) {
        String broker = "PLAINTEXT://" + LoopbackPort.HOST + ":" + port;
        Properties settings = new Properties();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("controller.quorum.voters", "1@" + LoopbackPort.HOST + ":" + controllerPort);
        settings.put("listeners", broker + "," + CONTROLLER + "://" + LoopbackPort.HOST + ":" + controllerPort);
        settings.put("advertised.listeners", broker);
        settings.put("controller.listener.names", CONTROLLER);
        settings.put("log.dirs", log.toString());
        settings.put("auto.create.topics.enable", "false");
        settings.put("num.partitions", "1");
        for (String internal : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            settings.put(internal + ".replication.factor", "1");
            settings.put(internal + ".num.partitions", "1");
        }
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        // One consumer is the rule here: do not wait for others to join.
        settings.put("group.initial.rebalance.delay.ms", "0");
        // 128 MB by default, most of what a small broker would hold.
        settings.put("log.cleaner.dedupe.buffer.size", "2097152");
        return settings;
    }
}
