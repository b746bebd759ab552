package io.infinito.standalone.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainJobStatus.Phase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobDisplayTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);

    @Test
    void plainOutputHasALineForEachPhaseAndEachTenth() throws IOException {
        show(new JobDisplay(out, false, () -> 100, true));
        assertThat(text()).isEqualTo(golden("job-plain.txt"));
    }

    @Test
    void aTerminalHasOneLineThatIsDrawnOverItself() throws IOException {
        show(new JobDisplay(out, true, () -> 60, true));
        assertThat(text().replace("\r\033[J", "<erase>").replaceAll("\r\033\\[(\\d)A\033\\[J", "<erase $1 up>"))
                .isEqualTo(golden("job-terminal.txt"));
    }

    @Test
    void aTerminalThatBecomesNarrowerIsErasedAsFarAsItsLinesReachNow() {
        int[] columns = {80};
        JobDisplay display = new JobDisplay(out, true, () -> columns[0], false);
        display.status(running(10));
        display.status(running(20));
        written.reset();
        columns[0] = 30;
        display.status(running(30));
        // The progress line of before takes three rows now, the bars take one.
        assertThat(text()).startsWith("\r\033[4A\033[J[###-------]  30.0 %");
        assertThat(text().substring(text().lastIndexOf('J') + 1).lines()).allMatch(line -> line.length() < 30);
    }

    @Test
    void lossesAreBarsOfWhateverWidthThereIs() {
        Sparkline losses = new Sparkline(true);
        assertThat(losses.draw(10)).isEmpty();
        for (int step = 1; step <= 10_000; step++) {
            losses.add(step, 10.0 - step / 1250.0);
        }
        assertThat(losses.draw(8)).isEqualTo("\u2588\u2587\u2586\u2585\u2584\u2583\u2582\u2581");
        assertThat(losses.draw(40)).hasSize(40);
    }

    @Test
    void anEpochThatIsToldAgainIsShownOnce() {
        OncePerEvent once = new OncePerEvent(new JobDisplay(out, false, () -> 100, true));
        EpochCompleted first = epoch(1, 4.75, true).toBuilder().setSequence(1).build();
        once.epoch(first);
        once.epoch(first.toBuilder().setAttempt(2).build());
        once.epoch(epoch(2, 4.5, true).toBuilder().setSequence(2).build());
        assertThat(text().lines()).hasSize(3);
    }

    @Test
    void jsonHasALinePerEvent() {
        show(new JobJson(out));
        assertThat(text().lines()).hasSize(9).allMatch(line -> line.matches("\\{\"(status|epoch)\":\\{.*}}"));
    }

    @Test
    void theTableOfJobsShowsErrors() throws IOException {
        List<TrainJobStatus> jobs = List.of(
                running(37.5).toBuilder().setBestValidationLoss(3.25).build(),
                TrainJobStatus.newBuilder()
                        .setJobId("wrong")
                        .setPhase(Phase.REJECTED)
                        .setError("model.preset 'huge': must be one of tiny, gpt-16m")
                        .setUpdatedAt("2026-11-22T12:00:01Z")
                        .build());
        JobTable.lines(jobs).forEach(out::println);
        assertThat(text()).isEqualTo(golden("jobs.txt"));
    }

    @Test
    void timesAndLargeNumbersStayShort() {
        assertThat(Figures.duration(59.6)).isEqualTo("1:00");
        assertThat(Figures.duration(3723)).isEqualTo("1:02:03");
        assertThat(Figures.duration(Double.NaN)).isEqualTo("-");
        assertThat(Figures.perplexity(1e9)).isEqualTo("1.00e+09");
        assertThat(Figures.perplexity(Double.POSITIVE_INFINITY)).isEqualTo("-");
    }

    private static void show(JobListener listener) {
        listener.status(state(Phase.ACCEPTED).build());
        listener.status(state(Phase.WAITING_FOR_DATASET).build());
        listener.status(running(0));
        listener.status(running(4));
        listener.status(running(37.5));
        listener.epoch(epoch(1, 4.75, true));
        listener.status(running(81.25));
        listener.epoch(epoch(2, 5.5, false));
        listener.status(state(Phase.COMPLETED).setStep(1168).build());
    }

    private static TrainJobStatus.Builder state(Phase phase) {
        return TrainJobStatus.newBuilder()
                .setJobId("job")
                .setPhase(phase)
                .setEpochs(2)
                .setTotalSteps(1168)
                .setUpdatedAt("2026-11-22T12:00:00Z");
    }

    private static TrainJobStatus running(double percent) {
        return state(Phase.RUNNING)
                .setEpoch(percent < 50 ? 1 : 2)
                .setStep((int) (percent * 11.68))
                .setPercent(percent)
                .setLoss(percent == 0 ? 0 : 5.125 - percent / 50)
                .setTokensPerSecond(percent == 0 ? 0 : 5123.4)
                .setEtaSeconds(100 - percent)
                .build();
    }

    private static EpochCompleted epoch(int number, double validationLoss, boolean best) {
        return EpochCompleted.newBuilder()
                .setJobId("job")
                .setEpoch(number)
                .setEpochs(2)
                .setTrainLoss(5.0625)
                .setValidationLoss(validationLoss)
                .setValidationPerplexity(Math.exp(validationLoss))
                .setLearningRate(3e-4)
                .setTokensPerSecond(5123.4)
                .setSeconds(61.2)
                .setBest(best)
                .build();
    }

    private String text() {
        return written.toString(StandardCharsets.UTF_8);
    }

    private static String golden(String name) throws IOException {
        try (InputStream file = JobDisplayTest.class.getResourceAsStream("/golden/" + name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
