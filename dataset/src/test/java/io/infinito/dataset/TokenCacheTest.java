package io.infinito.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.TokenShard;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenCacheTest extends BrokerTest {
    private static final int PARTITIONS = 4;

    @TempDir
    Path folder;

    private final PreparedDataset dataset = new PreparedDataset(50_257, 1)
            .with("train", 1, 2, 1, 1)
            .with("validation", 1)
            .with("test");

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anyOrderOfArrivalGivesTheOrderOfTheText(long seed) {
        PreparedDataset large = new PreparedDataset(65_537, seed)
                .with("train", new Random(seed).ints(40, 1, 4).toArray())
                .with("validation", 1, 1)
                .with("test", 0);
        List<TokenShard> arrivals = large.all();
        Collections.shuffle(arrivals, new Random(seed));
        List<TokenShard> twice = new ArrayList<>(arrivals.subList(0, arrivals.size() / 2));
        twice.addAll(arrivals);
        PreparedDataset.write(topics, twice);
        DatasetManifest manifest = large.manifest(PARTITIONS);
        assertThat(manifest.getSplits(2).getTokens()).isZero();
        LocalDataset local = open(topics, manifest);
        large.shards
                .keySet()
                .forEach(split -> assertThat(ids(local.split(split))).as(split).containsExactly(large.ids(split)));
    }

    @Test
    void twoByteIdsAndShardsInOrderAreReadToo() {
        PreparedDataset.write(topics, dataset.all());
        LocalDataset local = open(topics, dataset.manifest(PARTITIONS));
        dataset.shards
                .keySet()
                .forEach(split -> assertThat(ids(local.split(split))).containsExactly(dataset.ids(split)));
        assertThatThrownBy(() -> local.split("other")).hasMessageContaining("has no other split");
        assertThat(local.manifest().getDatasetId()).isEqualTo(dataset.id);
    }

    @Test
    void theSecondOpeningNeedsNoBroker() throws IOException {
        PreparedDataset.write(topics, dataset.all());
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        open(topics, manifest);
        assertThat(ids(open(nowhere(), manifest).split("train"))).containsExactly(dataset.ids("train"));
        assertThat(names(folder.resolve(manifest.getDigest())))
                .containsExactly("dataset.json", "test.bin", "train.bin", "validation.bin");
        assertThat(names(folder)).containsExactly(manifest.getDigest(), manifest.getDigest() + ".lock");
    }

    @ParameterizedTest
    @ValueSource(strings = {"altered byte", "cut file", "lost file", "cut json", "lost json", "foreign json"})
    void aDamagedCacheIsMadeAgain(String damage) throws IOException {
        PreparedDataset.write(topics, dataset.all());
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        open(topics, manifest);
        Path entry = folder.resolve(manifest.getDigest());
        switch (damage) {
            case "altered byte" -> flip(entry.resolve("train.bin"));
            case "cut file" -> cut(entry.resolve("train.bin"));
            case "lost file" -> Files.delete(entry.resolve("validation.bin"));
            case "cut json" -> cut(entry.resolve("dataset.json"));
            case "lost json" -> Files.delete(entry.resolve("dataset.json"));
            case "foreign json" -> Files.writeString(entry.resolve("dataset.json"), "{\"digest\":\"0\"}");
            default -> throw new IllegalArgumentException(damage);
        }
        assertThat(ids(open(topics, manifest).split("train"))).containsExactly(dataset.ids("train"));
        assertThat(ids(open(nowhere(), manifest).split("train"))).containsExactly(dataset.ids("train"));
        assertThat(names(folder)).containsExactly(manifest.getDigest(), manifest.getDigest() + ".lock");
    }

    @Test
    void manyBuildersAtOnceWriteItOnce() {
        PreparedDataset.write(topics, dataset.all());
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<CompletableFuture<LocalDataset>> builders = Stream.generate(
                            () -> CompletableFuture.supplyAsync(() -> open(topics, manifest), threads))
                    .limit(4)
                    .toList();
            builders.forEach(
                    builder -> assertThat(ids(builder.join().split("train"))).containsExactly(dataset.ids("train")));
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void whoWaitsForAnotherBuilderCanBeStopped() throws IOException {
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        try (CacheLock other =
                CacheLock.await(folder, manifest.getDigest(), () -> false).orElseThrow()) {
            assertThat(new TokenCache(folder, new ShardReader(nowhere()))
                            .open(manifest, ShardProgress.SILENT, () -> true))
                    .isEmpty();
        }
    }

    @Test
    void whatAKilledBuilderLeftIsRemovedButNotWhatALivingOneWrites() throws IOException {
        PreparedDataset.write(topics, dataset.all());
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        String living = "1".repeat(64);
        Files.writeString(
                Files.createDirectory(folder.resolve("0".repeat(64) + ".part")).resolve("x"), "x");
        Files.createDirectory(folder.resolve(living + ".part"));
        Files.createDirectory(folder.resolve(manifest.getDigest() + ".part"));
        try (CacheLock other = CacheLock.await(folder, living, () -> false).orElseThrow()) {
            open(topics, manifest);
        }
        assertThat(names(folder)).filteredOn(name -> name.endsWith(".part")).containsExactly(living + ".part");
    }

    @Test
    void aFailedOrStoppedBuildLeavesNothing() throws IOException {
        PreparedDataset.write(topics, dataset.all().subList(0, 2));
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        assertThatThrownBy(() -> open(topics, manifest)).isInstanceOf(DatasetMissingException.class);
        assertThat(new TokenCache(folder, new ShardReader(topics)).open(manifest, ShardProgress.SILENT, () -> true))
                .isEmpty();
        assertThat(names(folder)).containsExactly(manifest.getDigest() + ".lock");
    }

    @Test
    void aDeletedEntryIsGoneAndAMappedFileStaysReadable() {
        PreparedDataset.write(topics, dataset.all());
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        LocalDataset local = open(topics, manifest);
        TokenCache cache = new TokenCache(folder, new ShardReader(topics));
        assertThat(cache.delete(manifest.getDigest())).isTrue();
        assertThat(cache.delete(manifest.getDigest())).isFalse();
        assertThat(cache.delete("..")).isFalse();
        assertThat(folder.resolve(manifest.getDigest())).doesNotExist();
        assertThat(ids(local.split("train"))).containsExactly(dataset.ids("train"));
    }

    @Test
    void namesFromTheTopicDoNotLeaveTheFolder() {
        DatasetManifest manifest = dataset.manifest(PARTITIONS);
        DatasetManifest.Builder digest = manifest.toBuilder().setDigest("../" + "0".repeat(61));
        DatasetManifest.Builder split = manifest.toBuilder();
        split.getSplitsBuilder(0).setName("../train");
        assertThatThrownBy(() -> open(topics, digest.build())).hasMessageContaining("must be 64 hex digits");
        assertThatThrownBy(() -> open(topics, split.build())).hasMessageContaining("splits.name='../train'");
    }

    private LocalDataset open(DatasetTopics from, DatasetManifest manifest) {
        return new TokenCache(folder, new ShardReader(from))
                .open(manifest, ShardProgress.SILENT, () -> false)
                .orElseThrow();
    }

    private static long[] ids(TokenFile file) {
        return LongStream.range(0, file.size()).map(file::get).toArray();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void flip(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            int first = file.read();
            file.seek(0);
            file.write(first ^ 1);
        }
    }

    private static void cut(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(file.length() - 2);
        }
    }
}
