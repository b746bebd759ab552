package io.infinito.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetClientTest extends BrokerTest {
    private static final DatasetSpec SPEC =
            DatasetSpec.newBuilder().setSource("file:/texts").build();

    @TempDir
    Path folder;

    private final List<DatasetRequest> asked = new CopyOnWriteArrayList<>();

    @Test
    void progressIsToldAndTheReadyManifestReturned() {
        DatasetManifest progress = manifest("a", State.PREPARING);
        answer(request -> List.of(
                progress.toBuilder().setRequestId(request.getRequestId()).build(),
                manifest("other", State.READY),
                // Somebody else has asked for it in the meantime.
                progress.toBuilder().setRequestId("somebody").build(),
                manifest("a", State.READY).toBuilder().setRequestId("somebody").build()));
        List<DatasetManifest> told = new ArrayList<>();
        DatasetRequest request = DatasetClient.request(SPEC);
        assertThat(new DatasetClient(topics, "test").prepare(request, told::add, () -> false))
                .map(DatasetManifest::getDatasetId)
                .hasValue("a");
        assertThat(told).hasSize(2);
        assertThat(asked).containsExactly(request);
    }

    @Test
    void aFailureHasTheManifestsReason() {
        answer(request -> List.of(DatasetManifest.newBuilder()
                .setState(State.FAILED)
                .setError("source='file:/texts' does not exist")
                .setRequestId(request.getRequestId())
                .build()));
        assertThatThrownBy(() -> new DatasetClient(topics, "test")
                        .prepare(DatasetClient.request(SPEC), progress -> {}, () -> false))
                .isInstanceOf(DatasetFailedException.class)
                .hasMessage("source='file:/texts' does not exist");
    }

    @Test
    void waitingEndsWhenAsked() {
        assertThat(new DatasetClient(topics, "test").prepare(DatasetClient.request(SPEC), progress -> {}, () -> true))
                .isEmpty();
    }

    @Test
    void aDatasetWhoseShardsHaveGoneIsAskedForOnceMore() {
        PreparedDataset dataset =
                new PreparedDataset(50_257, 5).with("train", 1, 1).with("validation", 1);
        answer(request -> {
            if (asked.size() == 2) {
                PreparedDataset.write(topics, dataset.all());
            }
            return List.of(dataset.manifest(4).toBuilder()
                    .setRequestId(request.getRequestId())
                    .build());
        });
        LocalDatasets datasets =
                new LocalDatasets(new DatasetClient(topics, "test"), new TokenCache(folder, new ShardReader(topics)));
        assertThat(datasets.open(SPEC, progress -> {}, () -> false)
                        .orElseThrow()
                        .split("train")
                        .size())
                .isEqualTo(dataset.ids("train").length);
    }

    @Test
    void theCatalogHasTheLatestOfEachDataset() throws Exception {
        send(manifest("a", State.PREPARING), manifest("b", State.READY), manifest("a", State.READY));
        send(manifest("c", State.READY));
        try (KafkaProducer<String, byte[]> producer = topics.writer()) {
            producer.send(new ProducerRecord<>(topics.name(Topic.DATASETS), "c", null))
                    .get();
            producer.send(new ProducerRecord<>(topics.name(Topic.DATASETS), "d", new byte[] {'x'}))
                    .get();
        }
        send(DatasetManifest.newBuilder()
                .setState(State.FAILED)
                .setRequestId("r")
                .build());
        assertThat(new DatasetCatalog(topics).manifests())
                .extracting(manifest -> manifest.getDatasetId() + " " + manifest.getState())
                .containsExactlyInAnyOrder("a READY", "b READY");
    }

    @Test
    void deletingTakesManifestAndShardsAndLeavesOthers() throws Exception {
        PreparedDataset mine = new PreparedDataset(50_257, 5).with("train", 1, 3, 1);
        PreparedDataset other = new PreparedDataset(50_257, 6).with("train", 1, 3, 1);
        PreparedDataset.write(topics, mine.all());
        PreparedDataset.write(topics, other.all());
        send(mine.manifest(4), other.manifest(4));
        DatasetCatalog catalog = new DatasetCatalog(topics);
        assertThat(catalog.delete(mine.manifest(4))).isEqualTo(5);
        assertThat(catalog.manifests())
                .extracting(DatasetManifest::getDatasetId)
                .containsExactly(other.id);
        ShardReader reader = new ShardReader(topics);
        assertThat(reader.verify(other.manifest(4), ShardProgress.SILENT, () -> false))
                .isTrue();
        // They are still in the log, with their deletions behind them: what was made before must not be taken for what
        // is there.
        assertThat(catalog.delete(mine.manifest(4))).isEqualTo(5);
    }

    /** Plays dataset-service from now on. */
    private void answer(Function<DatasetRequest, List<DatasetManifest>> answers) {
        Thread service = new Thread(
                () -> {
                    try (KafkaConsumer<String, byte[]> requests = topics.reader()) {
                        requests.assign(TopicReader.partitions(requests, topics.name(Topic.DATASET_REQUESTS)));
                        while (true) {
                            for (ConsumerRecord<String, byte[]> record : requests.poll(Duration.ofSeconds(1))) {
                                DatasetRequest request = ProtoJson.parse(
                                                new String(record.value(), StandardCharsets.UTF_8),
                                                DatasetRequest.newBuilder())
                                        .build();
                                asked.add(request);
                                send(answers.apply(request).toArray(DatasetManifest[]::new));
                            }
                        }
                    } catch (Exception e) {
                        throw new IllegalStateException("dataset-service is played no more", e);
                    }
                },
                "fake-dataset-service");
        service.setDaemon(true);
        service.start();
    }

    private void send(DatasetManifest... manifests) throws Exception {
        try (KafkaProducer<String, byte[]> producer = topics.writer()) {
            for (DatasetManifest manifest : manifests) {
                producer.send(new ProducerRecord<>(
                                topics.name(Topic.DATASETS),
                                manifest.getDatasetId().isEmpty() ? manifest.getRequestId() : manifest.getDatasetId(),
                                ProtoJson.print(manifest).getBytes(StandardCharsets.UTF_8)))
                        .get();
            }
        }
    }

    private static DatasetManifest manifest(String id, State state) {
        return DatasetManifest.newBuilder().setDatasetId(id).setState(state).build();
    }
}
