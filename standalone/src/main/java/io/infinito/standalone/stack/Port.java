package io.infinito.standalone.stack;

/** Every port of an installation with the number it has without an offset. */
public enum Port {
    /** Kafka protocol. */
    BROKER("broker", 9092),
    /** S3 protocol. */
    S3("s3", 9100),
    /** HTTP of the tokenizer service. */
    TOKENIZER_HTTP("tokenizer HTTP", 8081),
    /** gRPC of the tokenizer service. */
    TOKENIZER_GRPC("tokenizer gRPC", 9001),
    /** HTTP of the dataset service. */
    DATASET_HTTP("dataset HTTP", 8082),
    /** HTTP of the trainer service. */
    TRAINER_HTTP("trainer HTTP", 8083),
    /** HTTP of the inference service. */
    INFERENCE_HTTP("inference HTTP", 8084),
    /** gRPC of the inference service. */
    INFERENCE_GRPC("inference gRPC", 9000);

    private final String label;
    private final int number;

    Port(String label, int number) {
        this.label = label;
        this.number = number;
    }

    /** How messages name it. */
    public String label() {
        return label;
    }

    int number() {
        return number;
    }
}
