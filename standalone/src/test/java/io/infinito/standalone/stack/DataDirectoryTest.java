package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path dir;

    @Test
    void aSecondInstallationInTheSameDirectoryIsRefused() {
        try (DataDirectory first = DataDirectory.open(dir.resolve("data"))) {
            assertThat(first.log("broker")).hasFileName("broker.log");
            assertThatThrownBy(() -> DataDirectory.open(dir.resolve("data")))
                    .isInstanceOf(StackFailure.class)
                    .hasMessageContaining(dir.resolve("data").toString())
                    .hasMessageContaining("pid " + ProcessHandle.current().pid())
                    .hasMessageContaining("--data DIR")
                    .hasMessageNotContaining("\n");
        }
        DataDirectory.open(dir.resolve("data")).close();
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNamedInOneLine() throws IOException {
        Path file = Files.createFile(dir.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.open(file.resolve("data")))
                .isInstanceOf(StackFailure.class)
                .hasMessageStartingWith("cannot use the data directory " + file.resolve("data"))
                .hasMessageNotContaining("\n");
    }
}
