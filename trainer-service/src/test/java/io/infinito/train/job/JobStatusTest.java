package io.infinito.train.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.infinito.train.RunListener.StepDone;
import org.junit.jupiter.api.Test;

class JobStatusTest {
    private static final long SECOND = 1_000_000_000;

    private final JobStatus status = new JobStatus("job", "model");

    @Test
    void stepsThatWereReadTogetherHaveOneSpeedAndCountForTheTimeLeft() {
        status.begin(0, 10, 1, 1, "cpu", 0);
        // Two steps, read back after a second.
        assertThat(status.step(step(1, 0.5), SECOND)).isEqualTo(200, within(1e-9));
        assertThat(status.step(step(2, 0.5), SECOND)).isEqualTo(200, within(1e-9));
        assertThat(status.peek().getTokensPerSecond()).isEqualTo(200, within(1e-9));
        assertThat(status.peek().getEtaSeconds()).isEqualTo(4, within(1e-9));
    }

    @Test
    void mfuIsTheShareOfTheNewestPeak() {
        status.begin(0, 10, 1, 1, "cpu", 0);
        status.arithmetic(1e6);
        status.step(step(1, 0.5), SECOND);
        assertThat(status.peek().hasMfu()).isFalse();
        status.peak(1.6e8);
        status.step(step(2, 0.5), SECOND);
        assertThat(status.peek().getMfu()).isEqualTo(200e6 / 1.6e8, within(1e-9));
        status.peak(4e8);
        status.step(step(3, 0.5), SECOND);
        assertThat(status.peek().getMfu()).isEqualTo(0.5, within(1e-9));
    }

    private static StepDone step(int step, double seconds) {
        return new StepDone(step, 1, 3, 1e-3, 1, 100, 0, seconds);
    }
}
