package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.infinito.train.LearningRateSchedule.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LearningRateScheduleTest {
    @ParameterizedTest
    @EnumSource(Shape.class)
    void risesToThePeakAndNeverAgain(Shape shape) {
        LearningRateSchedule schedule = new LearningRateSchedule(new TrainingPlan.Rates(shape, 1e-3, 1e-4, 10), 100);
        assertThat(schedule.at(0)).isCloseTo(1e-4, within(1e-12));
        assertThat(schedule.at(9)).isCloseTo(1e-3, within(1e-12));
        for (int step = 1; step < 10; step++) {
            assertThat(schedule.at(step)).isGreaterThan(schedule.at(step - 1));
        }
        for (int step = 10; step < 100; step++) {
            assertThat(schedule.at(step)).isLessThanOrEqualTo(schedule.at(step - 1));
        }
        assertThat(schedule.at(99)).isCloseTo(shape == Shape.CONSTANT ? 1e-3 : 1e-4, within(1e-12));
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void cutsAWarmupThatIsLongerThanTheRun(Shape shape) {
        LearningRateSchedule schedule = new LearningRateSchedule(new TrainingPlan.Rates(shape, 1e-3, 0, 500), 20);
        assertThat(schedule.at(1)).isCloseTo(1e-3, within(1e-12));
        LearningRateSchedule single = new LearningRateSchedule(new TrainingPlan.Rates(shape, 1e-3, 0, 500), 1);
        assertThat(single.at(0)).isCloseTo(1e-3, within(1e-12));
    }
}
