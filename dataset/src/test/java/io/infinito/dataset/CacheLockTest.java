package io.infinito.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheLockTest {
    private static final String DIGEST = "0".repeat(64);

    @TempDir
    Path folder;

    /** Takes the lock of {@code args[0]}, says so, and waits for its end. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws IOException {
            CacheLock lock =
                    CacheLock.await(Path.of(args[0]), DIGEST, () -> false).orElseThrow();
            try (lock) {
                System.out.println("held");
                // Until the test ends the process, or with it its input.
                while (System.in.read() >= 0) {}
            }
        }
    }

    @Test
    void oneProcessHasTheLockUntilItIsKilled() throws IOException, InterruptedException {
        Process holder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("held");
            assertThat(CacheLock.await(folder, DIGEST, () -> true)).isEmpty();
        } finally {
            holder.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        await().atMost(10, TimeUnit.SECONDS).until(() -> {
            Optional<CacheLock> lock = CacheLock.await(folder, DIGEST, () -> true);
            if (lock.isPresent()) {
                lock.get().close();
            }
            return lock.isPresent();
        });
    }

    @Test
    void oneThreadHasTheLockAndAnotherDoesNotTakeItAway() throws IOException {
        try (CacheLock held = CacheLock.await(folder, DIGEST, () -> false).orElseThrow()) {
            assertThat(CacheLock.await(folder, DIGEST, () -> true)).isEmpty();
            assertThat(CacheLock.await(folder, DIGEST, () -> true)).isEmpty();
        }
        CacheLock.await(folder, DIGEST, () -> true).orElseThrow().close();
    }
}
