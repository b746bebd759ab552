package io.infinito.standalone.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.embedded.EmbeddedProcess;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainJobStatus.Phase;
import io.infinito.training.v1.TrainRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobTopicsTest {
    private static EmbeddedProcess broker;

    @TempDir
    static Path brokerDir;

    private String prefix;
    private JobTopics topics;

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedProcess.broker(brokerDir, 0);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void makeTopics() {
        prefix = UUID.randomUUID() + ".";
        topics = new JobTopics(broker.address(), prefix);
        TopicSetup.ensure(
                broker.address(),
                prefix,
                Set.of(Topic.TRAIN_REQUESTS, Topic.TRAIN_COMMANDS, Topic.TRAIN_JOBS, Topic.TRAIN_EPOCHS),
                Set.of(),
                Duration.ofSeconds(30));
    }

    @Test
    void aRequestTravelsAsJsonUnderItsJobId() throws Exception {
        TrainRequest request = TrainRequest.newBuilder().setJobId("mine").build();
        topics.submit(request);
        ConsumerRecord<String, String> record = only(Topic.TRAIN_REQUESTS);
        assertThat(record.key()).isEqualTo("mine");
        assertThat(ProtoJson.parse(record.value(), TrainRequest.newBuilder()).build())
                .isEqualTo(request);
        assertThat(new String(record.headers().lastHeader("ce_type").value(), StandardCharsets.UTF_8))
                .isEqualTo("infinito.training.v1.TrainRequest");
    }

    @Test
    void aCancellationTravelsAsACommand() {
        topics.cancel("mine");
        assertThat(only(Topic.TRAIN_COMMANDS).value()).isEqualTo("{\"jobId\":\"mine\",\"action\":\"CANCEL\"}");
    }

    @Test
    void theLatestStateOfEachJobIsListedAndRubbishPassedOver() throws Exception {
        write(
                status("old", Phase.RUNNING, "2026-11-22T12:00:00Z"),
                status("new", Phase.RUNNING, "2026-11-22T12:00:01Z"));
        send(Topic.TRAIN_JOBS, "rubbish", "not json");
        write(status("old", Phase.COMPLETED, "2026-11-22T12:00:02Z"));
        try (JobReader reader = topics.reader()) {
            assertThat(reader.jobs())
                    .extracting(TrainJobStatus::getJobId, TrainJobStatus::getPhase)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple("new", Phase.RUNNING),
                            org.assertj.core.groups.Tuple.tuple("old", Phase.COMPLETED));
        }
    }

    @Test
    void followingTellsEverythingOfOneJobUpToTheLastEpoch() throws Exception {
        write(
                status("mine", Phase.RUNNING, "1"),
                status("other", Phase.FAILED, "2"),
                status("mine", Phase.COMPLETED, "3"));
        send(Topic.TRAIN_EPOCHS, "other", ProtoJson.print(epoch("other", 1)));
        send(Topic.TRAIN_EPOCHS, "mine", ProtoJson.print(epoch("mine", 1)));
        send(Topic.TRAIN_EPOCHS, "mine", ProtoJson.print(epoch("mine", 2)));
        List<String> told = new ArrayList<>();
        try (JobReader reader = topics.reader()) {
            Optional<TrainJobStatus> last = reader.follow("mine", recorder(told), () -> true);
            assertThat(last).map(TrainJobStatus::getPhase).hasValue(Phase.COMPLETED);
        }
        assertThat(told).containsExactlyInAnyOrder("RUNNING", "COMPLETED", "epoch 1", "epoch 2");
    }

    @Test
    void aJobThatWasSubmittedAgainIsFollowedToItsLastEnd() throws Exception {
        write(
                status("mine", Phase.FAILED, "1"),
                status("mine", Phase.RUNNING, "2"),
                status("mine", Phase.COMPLETED, "3"));
        try (JobReader reader = topics.reader()) {
            assertThat(reader.follow("mine", recorder(new ArrayList<>()), () -> true))
                    .map(TrainJobStatus::getPhase)
                    .hasValue(Phase.COMPLETED);
        }
    }

    @Test
    void followingEndsWhenNobodyWantsToGoOn() {
        try (JobReader reader = topics.reader()) {
            assertThat(reader.follow("never", recorder(new ArrayList<>()), () -> false))
                    .isEmpty();
        }
    }

    @Test
    void missingTopicsAndAMissingBrokerAreNamed() {
        assertThatThrownBy(() -> new JobTopics(broker.address(), "nobody.").reader())
                .isInstanceOf(JobsUnavailable.class)
                .hasMessageContaining("has no topic nobody.train.epochs, nobody.train.jobs")
                .hasMessageContaining("--topics-prefix");
        assertThatThrownBy(() -> new JobTopics("127.0.0.1:1", "").cancel("mine"))
                .isInstanceOf(JobsUnavailable.class)
                .hasMessageContaining("cannot reach Kafka at 127.0.0.1:1")
                .hasMessageContaining("--kafka");
    }

    private static JobListener recorder(List<String> told) {
        return new JobListener() {
            @Override
            public void status(TrainJobStatus status) {
                told.add(status.getPhase().name());
            }

            @Override
            public void epoch(EpochCompleted epoch) {
                told.add("epoch " + epoch.getEpoch());
            }
        };
    }

    private static TrainJobStatus status(String jobId, Phase phase, String updatedAt) {
        return TrainJobStatus.newBuilder()
                .setJobId(jobId)
                .setPhase(phase)
                .setUpdatedAt(updatedAt)
                .build();
    }

    private static EpochCompleted epoch(String jobId, int number) {
        return EpochCompleted.newBuilder().setJobId(jobId).setEpoch(number).build();
    }

    private void write(TrainJobStatus... states) throws Exception {
        for (TrainJobStatus state : states) {
            send(Topic.TRAIN_JOBS, state.getJobId(), ProtoJson.print(state));
        }
    }

    private void send(Topic topic, String key, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", broker.address()),
                new StringSerializer(),
                new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic.name(prefix), key, value)).get();
        }
    }

    private ConsumerRecord<String, String> only(Topic topic) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", broker.address()),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic.name(prefix)).stream()
                    .map(p -> new TopicPartition(p.topic(), p.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            List<ConsumerRecord<String, String>> records = new ArrayList<>();
            while (records.isEmpty()) {
                consumer.poll(Duration.ofSeconds(1)).forEach(records::add);
            }
            assertThat(records).hasSize(1);
            return records.get(0);
        }
    }
}
