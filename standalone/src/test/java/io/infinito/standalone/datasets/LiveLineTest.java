package io.infinito.standalone.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetProgress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LiveLineTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
    private final AtomicLong seconds = new AtomicLong();

    @Test
    void aTerminalHasOneLineThatIsDrawnOverItselfAndTakenAway() {
        LiveLine line = line(true);
        line.end();
        line.show("one");
        line.show("a longer one");
        line.end();
        line.end();
        assertThat(text()).isEqualTo("<erase>one<erase>a longer <erase>");
    }

    @Test
    void elsewhereALineComesEveryFiveSeconds() {
        LiveLine line = line(false);
        line.show("too early");
        seconds.set(5);
        line.show("first");
        seconds.set(9);
        line.show("too early");
        seconds.set(10);
        line.show("second");
        line.end();
        assertThat(text()).isEqualTo("first\nsecond\n");
    }

    @Test
    void aPreparationSaysWhatIsKnown() {
        DatasetProgress.Builder progress = DatasetProgress.newBuilder()
                .setRows(12_345)
                .setBytes(45_200_000)
                .setTokens(11_234_567);
        assertThat(PreparationLine.of(
                        DatasetManifest.newBuilder().setProgress(progress).build()))
                .isEqualTo("preparing  12,345 rows  45.2 MB  11,234,567 tokens");
        progress.setTotalBytes(90_400_000).setBytesPerSecond(9.3e6).setEtaSeconds(4.86);
        assertThat(PreparationLine.of(
                        DatasetManifest.newBuilder().setProgress(progress).build()))
                .isEqualTo(
                        "preparing  12,345 rows  45.2 MB of 90.4 MB (50.0 %)  11,234,567 tokens  9.3 MB/s  ETA 0:05");
    }

    private LiveLine line(boolean terminal) {
        return new LiveLine(out, terminal, 10, () -> TimeUnit.SECONDS.toNanos(seconds.get()));
    }

    private String text() {
        return written.toString(StandardCharsets.UTF_8).replace("\r\033[K", "<erase>");
    }
}
