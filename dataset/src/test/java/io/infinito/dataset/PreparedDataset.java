package io.infinito.dataset;

import com.google.protobuf.ByteString;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.ShardRange;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.Topic;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** A dataset with random ids: its shards, in the order of the text, and the manifest that describes them. */
final class PreparedDataset {
    final String id = UUID.randomUUID().toString();
    final Map<String, List<TokenShard>> shards = new LinkedHashMap<>();
    private final int vocabulary;
    private final Random random;

    PreparedDataset(int vocabulary, long seed) {
        this.vocabulary = vocabulary;
        this.random = new Random(seed);
    }

    /** Adds a split whose pieces have so many parts each. */
    PreparedDataset with(String split, int... parts) {
        List<TokenShard> added = new ArrayList<>();
        for (int index = 0; index < parts.length; index++) {
            for (int part = 0; part < parts[index]; part++) {
                added.add(shard(split, index, part, parts[index], random.nextInt(200)));
            }
        }
        shards.put(split, added);
        return this;
    }

    /** All shards of all splits. */
    List<TokenShard> all() {
        return new ArrayList<>(shards.values().stream().flatMap(List::stream).toList());
    }

    /** Ready, and to be read from the beginning of every partition. */
    DatasetManifest manifest(int partitions) {
        DatasetManifest.Builder manifest = DatasetManifest.newBuilder()
                .setDatasetId(id)
                .setSpec(DatasetSpec.newBuilder().setSource("test:" + id))
                .setState(DatasetManifest.State.READY)
                .setVocabularySize(vocabulary);
        shards.forEach((name, list) -> {
            DatasetDigest digest = new DatasetDigest();
            list.forEach(shard -> digest.add(HexFormat.of().parseHex(shard.getSha256())));
            manifest.addSplits(SplitManifest.newBuilder()
                    .setName(name)
                    .setShards(list.size())
                    .setTokens(list.stream().mapToLong(TokenShard::getTokens).sum())
                    .setDigest(digest.hex()));
        });
        for (int partition = 0; partition < partitions; partition++) {
            manifest.addRanges(ShardRange.newBuilder().setPartition(partition));
        }
        return manifest.setDigest(DatasetDigest.of(manifest.getSplitsList())).build();
    }

    /** The ids of a split. */
    long[] ids(String split) {
        return shards.get(split).stream()
                .flatMapToLong(shard -> {
                    ByteBuffer ids = shard.getIds().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
                    return java.util.stream.LongStream.range(0, shard.getTokens())
                            .map(i -> shard.getIdWidth() == Short.BYTES
                                    ? Short.toUnsignedLong(ids.getShort())
                                    : Integer.toUnsignedLong(ids.getInt()));
                })
                .toArray();
    }

    static String key(TokenShard shard) {
        return new ShardKey(shard.getDatasetId(), shard.getSplit(), shard.getIndex(), shard.getPart()).toString();
    }

    /** Writes shards in this order, each to a partition as keys are distributed. */
    static void write(DatasetTopics topics, List<TokenShard> shards) {
        try (KafkaProducer<String, byte[]> producer = topics.writer()) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (TokenShard shard : shards) {
                sent.add(producer.send(
                        new ProducerRecord<>(topics.name(Topic.DATASET_SHARDS), key(shard), shard.toByteArray())));
            }
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private TokenShard shard(String split, int index, int part, int parts, int tokens) {
        int width = vocabulary <= 1 << 16 ? Short.BYTES : Integer.BYTES;
        ByteBuffer ids = ByteBuffer.allocate(tokens * width).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < tokens; i++) {
            int token = random.nextInt(vocabulary);
            if (width == Short.BYTES) {
                ids.putShort((short) token);
            } else {
                ids.putInt(token);
            }
        }
        return TokenShard.newBuilder()
                .setDatasetId(id)
                .setSplit(split)
                .setIndex(index)
                .setPart(part)
                .setParts(parts)
                .setIdWidth(width)
                .setIds(ByteString.copyFrom(ids.array()))
                .setTokens(tokens)
                .setSha256(
                        HexFormat.of().formatHex(DatasetDigest.sha256(ids.flip().limit(tokens * width))))
                .build();
    }
}
