package io.infinito.infer;

import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.training.v1.EpochCompleted;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes to the topic of epochs, in the trainer's place. */
final class EpochNews implements AutoCloseable {
    private final KafkaProducer<String, String> producer;

    EpochNews(String broker) {
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker), new StringSerializer(), new StringSerializer());
    }

    /** As after an epoch whose model is the best so far. */
    void best() throws Exception {
        EpochCompleted event = EpochCompleted.newBuilder()
                .setJobId("job")
                .setModelName("default")
                .setEpoch(1)
                .setServed(true)
                .build();
        send(new ProducerRecord<>(
                "infer.train.epochs",
                null,
                "job",
                ProtoJson.print(event),
                CloudEvent.of(EpochCompleted.getDescriptor(), "test", CloudEvent.JSON)
                        .headers()));
    }

    /** What means nothing to anybody. */
    void nonsense(String value) throws Exception {
        send(new ProducerRecord<>("infer.train.epochs", value));
    }

    private void send(ProducerRecord<String, String> event) throws Exception {
        producer.send(event).get(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        producer.close();
    }
}
