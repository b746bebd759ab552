package io.infinito.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.Topic;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class ShardReaderTest extends BrokerTest {
    private static final int PARTITIONS = 4;

    private final PreparedDataset dataset =
            new PreparedDataset(50_257, 1).with("train", 1, 1, 3, 1).with("validation", 1, 2);

    @Test
    void shardsAreVerifiedAndCounted() {
        List<TokenShard> shards = dataset.all();
        Collections.shuffle(shards, new Random(2));
        PreparedDataset.write(topics, shards);
        List<String> told = new ArrayList<>();
        assertThat(new ShardReader(topics)
                        .verify(
                                dataset.manifest(PARTITIONS),
                                (read, of, bytes) -> told.add(read + "/" + of + " " + bytes),
                                () -> false))
                .isTrue();
        long bytes = shards.stream().mapToLong(shard -> shard.getIds().size()).sum();
        assertThat(told).startsWith("0/9 0").endsWith("9/9 " + bytes);
    }

    @Test
    void aMissingShardIsNamedWithItsSplitAndWhatToDo() {
        List<TokenShard> shards = dataset.all();
        shards.remove(4);
        shards.remove(1);
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify)
                .isInstanceOf(DatasetMissingException.class)
                .hasMessageContaining("shard " + dataset.id + "/train/1 of split train")
                .hasMessageContaining("first of 2")
                .hasMessageContaining("dataset prepare");
    }

    @Test
    void theLastPartsOfAPieceAreMissedToo() {
        List<TokenShard> shards = dataset.all();
        shards.remove(8);
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify).hasMessageContaining(dataset.id + "/validation/1/1 of split validation");
    }

    @Test
    void anAlteredShardIsNamedWithItsPlace() {
        List<TokenShard> shards = dataset.all();
        TokenShard good = shards.get(1);
        byte[] ids = good.getIds().toByteArray();
        ids[3] ^= 1;
        shards.set(1, good.toBuilder().setIds(ByteString.copyFrom(ids)).build());
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify)
                .isInstanceOf(DatasetDamagedException.class)
                .hasMessageContaining("shard " + dataset.id + "/train/1 (" + topics.name(Topic.DATASET_SHARDS))
                .hasMessageContaining("was altered")
                .hasMessageContaining("not " + good.getSha256());
    }

    @Test
    void aTornShardAndOneOfAnotherWidthAreNamed() {
        List<TokenShard> shards = dataset.all();
        TokenShard good = shards.get(0);
        shards.set(0, good.toBuilder().setTokens(good.getTokens() + 1).build());
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify).hasMessageContaining("is torn");
        shards.set(0, good.toBuilder().setIdWidth(4).build());
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify).hasMessageContaining("has ids of 4 bytes, not 2");
    }

    @Test
    void aShardThatWasAlteredTogetherWithItsHashDoesNotHaveTheDigest() {
        PreparedDataset other = new PreparedDataset(50_257, 3).with("train", 1);
        List<TokenShard> shards = dataset.all();
        TokenShard foreign = other.all().get(0);
        shards.set(
                0,
                shards.get(0).toBuilder()
                        .setIds(foreign.getIds())
                        .setTokens(foreign.getTokens())
                        .setSha256(foreign.getSha256())
                        .build());
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify)
                .isInstanceOf(DatasetDamagedException.class)
                .hasMessageContaining("split train of dataset " + dataset.id + " has 6 shards");
        // The good one comes later.
        PreparedDataset.write(topics, dataset.all());
        verify();
    }

    @Test
    void badRecordsDoNoHarmBesideGoodOnes() throws Exception {
        TokenShard first = dataset.all().get(0);
        TokenShard failed = TokenShard.newBuilder()
                .setDatasetId(dataset.id)
                .setSplit("train")
                .setParts(1)
                .setError("lone surrogate")
                .build();
        PreparedDataset.write(topics, List.of(failed));
        PreparedDataset.write(topics, dataset.all());
        PreparedDataset.write(
                topics,
                List.of(failed, first, first.toBuilder().setIndex(1 << 29).build()));
        raw(PreparedDataset.key(first), "no shard".getBytes(StandardCharsets.UTF_8));
        raw(dataset.id + "/train/x", new byte[] {1});
        verify();
    }

    @Test
    void anErrorWithoutAGoodShardIsTheReason() {
        List<TokenShard> shards = dataset.all();
        shards.set(
                1,
                shards.get(1).toBuilder()
                        .clearIds()
                        .clearTokens()
                        .setError("lone surrogate")
                        .build());
        PreparedDataset.write(topics, shards);
        assertThatThrownBy(this::verify).hasMessageContaining("could not be tokenized: lone surrogate");
    }

    @Test
    void aDeletedShardIsMissing() throws Exception {
        PreparedDataset.write(topics, dataset.all().subList(0, 1));
        raw(dataset.id + "/train/0", null);
        PreparedDataset.write(topics, dataset.all().subList(1, 9));
        assertThatThrownBy(this::verify)
                .isInstanceOf(DatasetMissingException.class)
                .hasMessageContaining(dataset.id + "/train/0");
    }

    @Test
    void aTopicThatWasMadeAnewLacksEverything() {
        DatasetManifest.Builder manifest = dataset.manifest(PARTITIONS).toBuilder();
        manifest.getRangesBuilderList().forEach(range -> range.setFirstOffset(1000));
        assertThatThrownBy(() -> new ShardReader(topics).verify(manifest.build(), ShardProgress.SILENT, () -> false))
                .isInstanceOf(DatasetMissingException.class);
    }

    @Test
    void aManifestThatDoesNotAgreeWithItselfIsRefused() {
        DatasetManifest manifest = dataset.manifest(PARTITIONS).toBuilder()
                .addSplits(SplitManifest.newBuilder().setName("test"))
                .build();
        assertThatThrownBy(() -> new ShardReader(topics).verify(manifest, ShardProgress.SILENT, () -> false))
                .isInstanceOf(DatasetDamagedException.class)
                .hasMessageContaining("that of its splits is");
        assertThatThrownBy(() -> new ShardReader(topics)
                        .verify(DatasetManifest.getDefaultInstance(), ShardProgress.SILENT, () -> false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not READY");
    }

    @Test
    void readingStopsWhenAsked() {
        PreparedDataset.write(topics, dataset.all());
        assertThat(new ShardReader(topics).verify(dataset.manifest(PARTITIONS), ShardProgress.SILENT, () -> true))
                .isFalse();
    }

    @Test
    void theFirstShardIsFoundWithoutReadingAll() {
        PreparedDataset.write(topics, dataset.all());
        ShardReader reader = new ShardReader(topics);
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        assertThat(reader.first(manifest, "validation", () -> false))
                .contains(dataset.shards.get("validation").get(0));
        assertThatThrownBy(() -> reader.first(manifest, "test", () -> false))
                .hasMessageContaining("has no test split, but [train, validation]");
    }

    private void verify() {
        new ShardReader(topics).verify(dataset.manifest(PARTITIONS), ShardProgress.SILENT, () -> false);
    }

    private void raw(String key, byte[] value) throws Exception {
        try (KafkaProducer<String, byte[]> producer = topics.writer()) {
            producer.send(new ProducerRecord<>(topics.name(Topic.DATASET_SHARDS), key, value))
                    .get();
        }
    }
}
