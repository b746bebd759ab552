package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.GptDecoder.Feed;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.SafeTensorsIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class GptDecoderTest {
    private static final int VOCABULARY = 300;
    private static final int CONTEXT = 24;
    private static final GptConfig TIED = new GptConfig(VOCABULARY, CONTEXT, 2, 4, 16, true);

    private NDManager manager;

    @BeforeEach
    void openManager() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        JniUtils.setGradMode(false);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    /** What a GPU multiplies by can be had on a CPU too. */
    private static Stream<Arguments> formatsAndDevices() {
        return Stream.concat(
                Arrays.stream(WeightFormat.values()).map(format -> Arguments.of(format, false)),
                Stream.of(Arguments.of(WeightFormat.FP32, true), Arguments.of(WeightFormat.BF16, true)));
    }

    @ParameterizedTest
    @MethodSource("formatsAndDevices")
    void equalsTheTrainingForward(WeightFormat format, boolean gpu) {
        for (boolean tied : new boolean[] {true, false}) {
            GptConfig config = new GptConfig(VOCABULARY, CONTEXT, 2, 4, 16, tied);
            try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                    GptWeights weights = GptWeights.random(manager, config, 3);
                    GptDecoder decoder = GptDecoder.compile(manager, weights, format, format.on(gpu), 2);
                    KvCache cache = decoder.newCache()) {
                long[] ids = random(5, CONTEXT);
                float[] full = gpt.logits(manager, weights, manager.create(ids, new Shape(1, CONTEXT)))
                        .toFloatArray();
                // A prompt of seven, a piece of five behind it, then one by one.
                List<int[]> ranges = new ArrayList<>(List.of(new int[] {0, 7}, new int[] {7, 12}));
                for (int t = 12; t < CONTEXT; t++) {
                    ranges.add(new int[] {t, t + 1});
                }
                for (int[] range : ranges) {
                    float[] next = feed(decoder, new Feed(cache, Arrays.copyOfRange(ids, range[0], range[1]), true));
                    float[] expected = Arrays.copyOfRange(full, (range[1] - 1) * VOCABULARY, range[1] * VOCABULARY);
                    assertThat(next)
                            .as("%s after %d tokens, tied %s, as a GPU has it %s", format, range[1], tied, gpu)
                            .containsExactly(expected, within(tolerance(format)));
                }
            }
        }
    }

    /** Logits are some hundredths large here. */
    private static float tolerance(WeightFormat format) {
        return switch (format) {
            case PLAIN, FP32 -> 1e-6f;
            case FP16 -> 2e-4f;
            case BF16, INT8, MIXED -> 6e-3f;
        };
    }

    /** Prompts, pieces of prompts and single tokens of other sequences beside it. oneDNN adds otherwise from 81 rows and some 600 columns on, FBGEMM where one or two rows are left. */
    @ParameterizedTest
    @CsvSource({"FP32, false", "FP16, false", "INT8, false", "MIXED, false", "FP32, true", "BF16, true"})
    void givesTheSameAloneAndInABatch(WeightFormat format, boolean gpu) {
        GptConfig config = new GptConfig(VOCABULARY, 64, 2, 4, 192, true);
        try (GptWeights weights = GptWeights.random(manager, config, 3);
                GptDecoder decoder = GptDecoder.compile(manager, weights, format, format.on(gpu), 18);
                KvCache alone = decoder.newCache();
                KvCache among = decoder.newCache()) {
            long[] ids = random(7, 12);
            for (int companions : new int[] {1, 2, 5, 16}) {
                alone.truncate(0);
                among.truncate(0);
                List<KvCache> others = new ArrayList<>();
                for (int i = 0; i < companions; i++) {
                    others.add(decoder.newCache());
                }
                int[] bounds = {0, 5, 9, 10, 11, 12};
                for (int step = 0; step + 1 < bounds.length; step++) {
                    long[] piece = Arrays.copyOfRange(ids, bounds[step], bounds[step + 1]);
                    List<Feed> feeds = new ArrayList<>();
                    for (int i = 0; i < companions; i++) {
                        feeds.add(new Feed(
                                others.get(i), random(100L * step + i, (i + step) % 2 == 0 ? 1 : 12), i % 2 == 0));
                    }
                    feeds.add(companions / 2, new Feed(among, piece, true));
                    float[] expected = feed(decoder, new Feed(alone, piece, true));
                    // Of the companions before it every second one is answered.
                    int row = (companions / 2 + 1) / 2;
                    float[] found = Arrays.copyOfRange(
                            feed(decoder, feeds.toArray(Feed[]::new)), row * VOCABULARY, (row + 1) * VOCABULARY);
                    assertThat(found).as("step %d beside %d", step, companions).containsExactly(expected);
                }
                others.forEach(KvCache::close);
            }
        }
    }

    @Test
    void answersNobodyWhoDoesNotAsk() {
        try (GptWeights weights = GptWeights.random(manager, TIED, 3);
                GptDecoder decoder = GptDecoder.compile(manager, weights, WeightFormat.FP32, 2);
                KvCache cache = decoder.newCache()) {
            assertThat(feed(decoder, new Feed(cache, random(1, 4), false))).isEmpty();
            assertThat(cache.length()).isEqualTo(4);
        }
    }

    @Test
    void refusesWhatTheCacheHasNoRoomFor() {
        try (GptWeights weights = GptWeights.random(manager, TIED, 3);
                GptDecoder decoder = GptDecoder.compile(manager, weights, WeightFormat.FP32, 2);
                KvCache cache = decoder.newCache()) {
            assertThatThrownBy(() -> feed(decoder, new Feed(cache, random(1, CONTEXT + 1), true)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("25 tokens do not fit behind 0 in a context of 24");
            assertThatThrownBy(() -> feed(decoder, new Feed(cache, new long[0], true)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void plainWeightsMayChangeMeanwhile() {
        try (GptWeights weights = GptWeights.random(manager, TIED, 3);
                GptWeights others = GptWeights.random(manager, TIED, 4);
                GptDecoder decoder = GptDecoder.compile(manager, weights, WeightFormat.PLAIN, 2);
                GptDecoder expected = GptDecoder.compile(manager, others, WeightFormat.PLAIN, 2)) {
            for (int i = 0; i < weights.arrays().size(); i++) {
                others.arrays().get(i).copyTo(weights.arrays().get(i));
            }
            assertThat(first(decoder)).isEqualTo(first(expected));
        }
    }

    @ParameterizedTest
    @EnumSource
    void mappedWeightsGiveWhatLoadedOnesGive(WeightFormat format, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (GptWeights weights = GptWeights.random(manager, TIED, 3)) {
            SafeTensors.write(file, weights.snapshot());
        }
        try (GptWeights loaded = GptWeights.load(manager, TIED, SafeTensors.read(file));
                GptWeights mapped = GptWeights.view(manager, TIED, SafeTensorsIndex.read(file));
                GptDecoder one = GptDecoder.compile(manager, loaded, format, 2);
                GptDecoder other = GptDecoder.compile(manager, mapped, format, 2)) {
            assertThat(first(other)).containsExactly(first(one), within(1e-6f));
        }
    }

    @Test
    void weightsThatLieUnalignedAreReadToo(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (GptWeights weights = GptWeights.random(manager, TIED, 3)) {
            SafeTensors.write(file, weights.snapshot());
        }
        byte[] aligned = Files.readAllBytes(file);
        ByteBuffer unaligned = ByteBuffer.allocate(aligned.length + 1).order(ByteOrder.LITTLE_ENDIAN);
        int header =
                (int) ByteBuffer.wrap(aligned).order(ByteOrder.LITTLE_ENDIAN).getLong();
        unaligned.putLong(header + 1).put(aligned, Long.BYTES, header).put((byte) ' ');
        unaligned.put(aligned, Long.BYTES + header, aligned.length - Long.BYTES - header);
        Path other = Files.write(folder.resolve("unaligned.safetensors"), unaligned.array());
        try (GptWeights one = GptWeights.view(manager, TIED, SafeTensorsIndex.read(file));
                GptWeights two = GptWeights.view(manager, TIED, SafeTensorsIndex.read(other))) {
            for (int i = 0; i < one.arrays().size(); i++) {
                assertThat(two.arrays().get(i)).isEqualTo(one.arrays().get(i));
            }
        }
    }

    /** Of the file that the weights are views of: a deleted file takes room on the disk for as long as somebody maps it. */
    @Test
    void aMappedFileIsLetGoWithTheWeights(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("let-go.safetensors");
        try (GptWeights weights = GptWeights.random(manager, TIED, 3)) {
            SafeTensors.write(file, weights.snapshot());
        }
        Path maps = Path.of("/proc/self/maps");
        Assumptions.assumeTrue(Files.isReadable(maps));
        GptWeights mapped = GptWeights.view(manager, TIED, SafeTensorsIndex.read(file));
        GptDecoder decoder = GptDecoder.compile(manager, mapped, WeightFormat.PLAIN, 2);
        assertThat(Files.readString(maps)).contains("let-go.safetensors");
        Files.delete(file);
        first(decoder);
        decoder.close();
        mapped.close();
        assertThat(Files.readString(maps)).doesNotContain("let-go.safetensors");
    }

    @Test
    void leavesNoNativeArraysBehind() {
        try (GptWeights weights = GptWeights.random(manager, TIED, 3);
                GptDecoder decoder = GptDecoder.compile(manager, weights, WeightFormat.INT8, 2)) {
            first(decoder);
            int before = manager.getManagedArrays().size();
            for (int i = 0; i < 20; i++) {
                first(decoder);
            }
            assertThat(manager.getManagedArrays()).hasSize(before);
        }
    }

    private float[] first(GptDecoder decoder) {
        try (KvCache cache = decoder.newCache()) {
            return feed(decoder, new Feed(cache, random(9, 8), true));
        }
    }

    private float[] feed(GptDecoder decoder, Feed... feeds) {
        try (NDManager step = manager.newSubManager();
                NDArray logits = decoder.feed(step, List.of(feeds))) {
            return logits.toFloatArray();
        }
    }

    private static long[] random(long seed, int count) {
        return new Random(seed).ints(count, 0, VOCABULARY).asLongStream().toArray();
    }
}
