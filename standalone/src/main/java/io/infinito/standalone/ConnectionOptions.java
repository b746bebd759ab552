package io.infinito.standalone;

import io.infinito.dataset.DatasetTopics;
import io.infinito.events.Topic;
import io.infinito.standalone.jobs.JobTopics;
import io.infinito.standalone.jobs.RequiredTopics;
import io.infinito.standalone.serving.InferenceClient;
import io.infinito.standalone.stack.Port;
import io.infinito.standalone.stack.Ports;
import io.infinito.standalone.stack.StackPlan;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Option;

/** Where the installation is that a command talks to. Without any of these it is the one that {@code infinito up} starts. */
final class ConnectionOptions {
    private static final Duration STORE_PATIENCE = Duration.ofSeconds(5);

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:INFINITO_KAFKA}",
            description = "Kafka's bootstrap servers (INFINITO_KAFKA). Default: 127.0.0.1:9092.")
    private String kafka;

    @Option(
            names = "--topics-prefix",
            paramLabel = "PREFIX",
            defaultValue = "${env:INFINITO_TOPICS_PREFIX}",
            description = "What stands before every topic's name (INFINITO_TOPICS_PREFIX). Default: nothing.")
    private String topicsPrefix;

    @Option(
            names = "--inference",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:INFINITO_INFERENCE}",
            description = "gRPC of the inference service (INFINITO_INFERENCE). Default: 127.0.0.1:9000.")
    private String inference;

    @Option(
            names = "--s3",
            paramLabel = "URL",
            defaultValue = "${env:INFINITO_S3}",
            description = "The S3 server (INFINITO_S3; keys in INFINITO_S3_ACCESS_KEY and INFINITO_S3_SECRET_KEY). "
                    + "Default: http://127.0.0.1:9100.")
    private String s3;

    @Option(
            names = "--s3-bucket",
            paramLabel = "NAME",
            defaultValue = "${env:INFINITO_S3_BUCKET:-" + StackPlan.BUCKET + "}",
            description = "The bucket of the checkpoints (INFINITO_S3_BUCKET). Default: ${DEFAULT-VALUE}.")
    private String bucket;

    @Option(
            names = "--s3-region",
            paramLabel = "NAME",
            defaultValue = "${env:INFINITO_S3_REGION:-us-east-1}",
            description = "The S3 server's region (INFINITO_S3_REGION). Default: ${DEFAULT-VALUE}.")
    private String region;

    @Option(
            names = "--port-offset",
            paramLabel = "N",
            defaultValue = "${env:INFINITO_PORT_OFFSET:-0}",
            description = "Moves the default addresses as 'infinito up --port-offset N' does.")
    private int portOffset;

    JobTopics jobTopics() {
        return new JobTopics(or(kafka, new Ports(portOffset).address(Port.BROKER)), or(topicsPrefix, ""));
    }

    /** Asks the broker first whether it has these topics, so that a wrong address is said at once. */
    DatasetTopics datasetTopics(Topic... required) {
        JobTopics topics = jobTopics();
        RequiredTopics.require(topics.bootstrapServers(), topics.prefix(), required);
        return new DatasetTopics(Map.of("bootstrap.servers", topics.bootstrapServers()), topics.prefix());
    }

    InferenceClient inferenceClient() {
        return new InferenceClient(or(inference, new Ports(portOffset).address(Port.INFERENCE_GRPC)));
    }

    ObjectStore objectStore() {
        // Keys are read from the environment only: options would show in the process list.
        String accessKey = or(System.getenv("INFINITO_S3_ACCESS_KEY"), StackPlan.ACCESS_KEY);
        String secretKey = or(System.getenv("INFINITO_S3_SECRET_KEY"), StackPlan.SECRET_KEY);
        String endpoint = or(s3, new Ports(portOffset).url(Port.S3));
        return new ObjectStore(
                new StorageConfig(endpoint, bucket, accessKey, secretKey, region).withRetryFor(STORE_PATIENCE));
    }

    private static String or(String value, String otherwise) {
        return value == null || value.isEmpty() ? otherwise : value;
    }
}
