package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.infinito.train.LearningRateSchedule.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LearningRateScheduleTest {
    @ParameterizedTest
    @EnumSource(Shape.class)
    void risesToThePeakAndNeverAgain(Shape shape) {
        LearningRateSchedule schedule =
                new LearningRateSchedule(new TrainingPlan.Rates(shape, 1e-3, 1e-4, 10, 0.2), 100);
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
        LearningRateSchedule schedule = new LearningRateSchedule(new TrainingPlan.Rates(shape, 1e-3, 0, 500, 0.2), 20);
        assertThat(schedule.at(1)).isCloseTo(1e-3, within(1e-12));
        LearningRateSchedule single = new LearningRateSchedule(new TrainingPlan.Rates(shape, 1e-3, 0, 500, 0.2), 1);
        assertThat(single.at(0)).isCloseTo(1e-3, within(1e-12));
    }

    @Test
    void staysAtThePeakUntilTheLastPartOfTheSteps() {
        LearningRateSchedule schedule =
                new LearningRateSchedule(new TrainingPlan.Rates(Shape.CONSTANT_WITH_DECAY, 1e-3, 0, 0, 0.25), 101);
        assertThat(schedule.at(74)).isCloseTo(1e-3, within(1e-12));
        assertThat(schedule.at(88)).isCloseTo(0.48e-3, within(1e-12));
        assertThat(schedule.at(100)).isCloseTo(0, within(1e-12));
    }
}
