package io.infinito.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.infinito.load.FakeService.Asked;
import io.infinito.load.FakeService.Manner;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LoadTest {
    private static final int TOKENS = 4;
    private static final long SEED = 3;
    /** Long beside what it takes to connect on a busy machine. */
    private static final Duration DURATION = Duration.ofMillis(500);

    /** Whatever is loaded and compiled for the first request is not what these tests measure. */
    @BeforeAll
    static void warmUp() throws InterruptedException {
        try (FakeService service = new FakeService(Manner.GENEROUS);
                Load load = new Load(options(service))) {
            int finished = 0;
            for (int tries = 0; finished == 0 && tries < 30; tries++) {
                finished = load.keepOpen(8).finished();
            }
        }
    }

    @Test
    void keepsSoManyStreamsOpenAndNoMore() throws InterruptedException {
        try (FakeService service = new FakeService(Manner.GENEROUS);
                Load load = new Load(options(service))) {
            Measurement measured = load.keepOpen(3);
            assertThat(measured.finished()).isGreaterThan(3);
            assertThat(measured.tokensPerSecond()).isGreaterThanOrEqualTo(measured.finished() * (TOKENS - 1));
            assertThat(measured.firstTokenMillis(0.5)).isPositive();
            assertThat(measured.tokenMillis(0.99)).isPositive();
            assertThat(measured.refused() + measured.failed()).isZero();
            assertThat(service.mostOpen()).isBetween(1, 3);
            assertThat(service.asked()).extracting(Asked::client).containsOnly("stream-0", "stream-1", "stream-2");
            assertThat(service.asked())
                    .extracting(Asked::seed)
                    .doesNotHaveDuplicates()
                    .contains(SEED);
            assertThat(service.asked()).extracting(Asked::request).allSatisfy(request -> {
                assertThat(request.getText()).isEqualTo("a prompt");
                assertThat(request.getStopping().getMaxNewTokens()).isEqualTo(TOKENS);
                assertThat(request.getStopping().getIgnoreEos()).isTrue();
            });
        }
    }

    @Test
    void whoIsRefusedComesAgainWhenToldTo() throws InterruptedException {
        try (FakeService service = new FakeService(Manner.FULL);
                Load load = new Load(options(service))) {
            Measurement measured = load.keepOpen(2);
            // In pauses of 50 ms.
            assertThat(measured.refused()).isBetween(2, 2 * 10 + 2);
            assertThat(measured.finished() + measured.failed()).isZero();
            assertThat(measured.firstTokenMillis(0.5)).isNaN();
            assertThat(measured.tokensPerSecond()).isZero();
        }
    }

    @Test
    void failuresAreCounted() throws InterruptedException {
        try (FakeService service = new FakeService(Manner.BROKEN);
                Load load = new Load(options(service))) {
            Measurement measured = load.keepOpen(1);
            assertThat(measured.failed()).isPositive();
            assertThat(measured.finished() + measured.refused()).isZero();
        }
    }

    @Test
    void requestsArriveByChanceAtTheRateOfTheSeed() throws InterruptedException {
        // With the time before that is not counted.
        int expected = arrivals(2 * DURATION.toMillis(), 400);
        assertThat(expected).as("in a second").isBetween(350, 450);
        try (FakeService service = new FakeService(Manner.GENEROUS);
                Load load = new Load(options(service, DURATION))) {
            Measurement measured = load.arrive(400);
            // The last may come too late to be sent, or to be answered in time.
            assertThat(service.asked().size()).isBetween(expected / 2, expected);
            assertThat(measured.finished()).isBetween(1, expected);
            assertThat(service.asked()).extracting(Asked::seed).doesNotHaveDuplicates();
            assertThat(service.asked().stream().map(Asked::client).distinct())
                    .hasSize(64)
                    .allMatch(client -> client.matches("client-\\d+"));
        }
    }

    @Test
    void arrivalsDoNotWaitForAnswersAndNothingStaysOpen() throws InterruptedException {
        try (FakeService service = new FakeService(Manner.SILENT);
                Load load = new Load(options(service, DURATION))) {
            Measurement measured = load.arrive(100);
            assertThat(service.mostOpen()).isGreaterThan(10);
            assertThat(measured.finished() + measured.refused() + measured.failed())
                    .isZero();
            await().until(() -> service.open() == 0);
        }
    }

    /** More than can be sent in time: what is left of them is no part of what comes after. */
    @Test
    void whatCouldNotBeSentInTimeIsNotSentLater() throws InterruptedException {
        try (FakeService service = new FakeService(Manner.SILENT);
                Load load = new Load(options(service))) {
            load.arrive(20_000);
            load.keepOpen(1);
            await().until(() -> service.open() == 0);
            assertThat(service.asked().stream().max(Comparator.comparingLong(Asked::seed)))
                    .map(Asked::client)
                    .hasValue("stream-0");
        }
    }

    private static int arrivals(long millis, double perSecond) {
        Random random = new Random(SEED);
        int count = 0;
        for (double seconds = next(random, perSecond); seconds * 1000 < millis; seconds += next(random, perSecond)) {
            count++;
        }
        return count;
    }

    private static double next(Random random, double perSecond) {
        return -Math.log(1 - random.nextDouble()) / perSecond;
    }

    private static LoadOptions options(FakeService service) {
        return options(service, Duration.ZERO);
    }

    private static LoadOptions options(FakeService service, Duration warmUp) {
        return new LoadOptions(
                service.target(), "a prompt", TOKENS, List.of(), List.of(), DURATION, warmUp, SEED, false);
    }
}
