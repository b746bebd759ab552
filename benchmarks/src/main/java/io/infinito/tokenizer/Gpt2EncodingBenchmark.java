package io.infinito.tokenizer;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Own encoder, jtokkit and DJL's HuggingFace tokenizer on the same text, in the pieces that the dataset service makes of it. The secondary
 * result {@code megabytes} is millions of bytes of UTF-8 a second on one core.
 *
 * <pre>
 * mvn -q -Pbenchmarks -pl benchmarks -am package -DskipTests
 * DJL_OFFLINE=true java -jar benchmarks/target/benchmarks.jar Gpt2EncodingBenchmark -p file=wiki.train.tokens
 * </pre>
 *
 * Without a file the text is {@link GeneratedText}. The processes that JMH starts want an otherwise idle machine.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@State(Scope.Benchmark)
@Threads(1)
@Fork(1)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
public class Gpt2EncodingBenchmark {
    private static final int TARGET_BYTES = 983_040;
    private static final int MAXIMUM_BYTES = 1_015_808;

    /** A file of UTF-8; empty for generated text. */
    @Param("")
    public String file;

    private final Gpt2Encoder own = new Gpt2Encoder();
    private final MergeTable merges = new MergeTable(Vocabulary.gpt2Json());
    private final Encoding jtokkit = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
    private Tokenizer djl;
    private List<String> pieces;
    private List<byte[]> utf8;
    private int next;

    /** What has been encoded. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Encoded {
        private long bytes;

        /** Starts to count. */
        @Setup(Level.Iteration)
        public void reset() {
            bytes = 0;
        }

        /** Millions of bytes. */
        public double megabytes() {
            return bytes / 1e6;
        }
    }

    /** Reads and cuts the text. */
    @Setup
    public void cut() throws IOException {
        String text = file.isEmpty() ? GeneratedText.of(8 << 20) : Files.readString(Path.of(file));
        pieces = new ArrayList<>();
        PieceCutter cutter = new PieceCutter(TARGET_BYTES, MAXIMUM_BYTES, pieces::add);
        cutter.append(text);
        cutter.finish();
        utf8 = pieces.stream()
                .map(piece -> piece.getBytes(StandardCharsets.UTF_8))
                .toList();
        djl = Tokenizer.gpt2();
    }

    /** Frees native memory. */
    @TearDown
    public void close() {
        djl.close();
    }

    /** Own encoder, as the tokenizer service calls it. */
    @Benchmark
    public int[] own(Encoded encoded) {
        byte[] piece = utf8.get(nextPiece(encoded));
        return own.encode(piece, 0, piece.length);
    }

    /** Own encoder on a string. */
    @Benchmark
    public int[] ownOfString(Encoded encoded) {
        return own.encode(pieces.get(nextPiece(encoded)));
    }

    /** The whole text with a memory that knows no word yet: what a text costs that is read for the first time. */
    @Benchmark
    public int ownOfNewWords(Encoded encoded) {
        EncodingPass pass = new EncodingPass(merges);
        int ids = 0;
        for (byte[] piece : utf8) {
            pass.encode(piece, 0, piece.length);
            ids += pass.takeIds().length;
            encoded.bytes += piece.length;
        }
        return ids;
    }

    /** Where words end, and nothing else. */
    @Benchmark
    public int ownScan(Encoded encoded) {
        byte[] piece = utf8.get(nextPiece(encoded));
        int words = 0;
        for (int at = 0; at < piece.length; words++) {
            int end = at + WordScanner.WINDOW <= piece.length ? WordScanner.easyWordEnd(piece, at) : at;
            at = end == at ? WordScanner.wordEnd(piece, at, piece.length) : end;
        }
        return words;
    }

    /** jtokkit, which does not look for special tokens. */
    @Benchmark
    public IntArrayList jtokkit(Encoded encoded) {
        return jtokkit.encodeOrdinary(pieces.get(nextPiece(encoded)));
    }

    /** HuggingFace's library through DJL. */
    @Benchmark
    public int[] djl(Encoded encoded) {
        return djl.encode(pieces.get(nextPiece(encoded)));
    }

    private int nextPiece(Encoded encoded) {
        next = next + 1 < pieces.size() ? next + 1 : 0;
        encoded.bytes += utf8.get(next).length;
        return next;
    }
}
