package io.infinito.infer.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.infer.model.StartupTimeline.Milestone;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class StartupTimelineTest {
    /** Thousands are grouped as the machine's language has it. */
    private static final Pattern ENTRY = Pattern.compile("([a-z ]+?) (\\d[\\d.,\u00a0\u202f']*) ms(?:, |$)");

    private final StartupTimeline timeline = new StartupTimeline();

    @Test
    void theLineHasWhatWasReachedInTheUsualOrder() {
        assertThat(timeline.toString()).isEmpty();
        long before = uptime();
        assertThat(timeline.reached(Milestone.MODEL)).isTrue();
        assertThat(timeline.reached(Milestone.TORCH)).isTrue();
        assertThat(names()).containsExactly("libtorch loaded", "model loaded and warm");
        for (Milestone milestone : Milestone.values()) {
            timeline.reached(milestone);
        }
        assertThat(names())
                .containsExactly(
                        "services started",
                        "store answered",
                        "libtorch loaded",
                        "checkpoint verified",
                        "model loaded and warm");
        // A clock that is set meanwhile is not this test's matter: by a second at most.
        assertThat(millis()).hasSize(5).allSatisfy(ms -> assertThat(ms).isBetween(before - 1_000, uptime() + 1_000));
    }

    @Test
    void onlyTheFirstTimeCounts() throws InterruptedException {
        assertThat(timeline.reached(Milestone.STORE)).isTrue();
        String line = timeline.toString();
        long first = System.currentTimeMillis();
        while (System.currentTimeMillis() == first) {
            Thread.onSpinWait();
        }
        assertThat(timeline.reached(Milestone.STORE)).isFalse();
        assertThat(timeline).hasToString(line);
    }

    private static long uptime() {
        return System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        for (Matcher entry = ENTRY.matcher(timeline.toString()); entry.find(); ) {
            names.add(entry.group(1));
        }
        return names;
    }

    private List<Long> millis() {
        List<Long> millis = new ArrayList<>();
        for (Matcher entry = ENTRY.matcher(timeline.toString()); entry.find(); ) {
            millis.add(Long.valueOf(entry.group(2).replaceAll("\\D", "")));
        }
        return millis;
    }
}
