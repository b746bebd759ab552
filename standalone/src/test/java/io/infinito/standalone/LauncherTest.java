package io.infinito.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell script at the root, in a tree of its own with programs that only tell how they were called. */
class LauncherTest {
    private static final List<String> TOOLS = List.of(
            "sh", "dirname", "readlink", "sed", "head", "tail", "grep", "find", "touch", "mkdir", "mv", "rm", "stty");
    private static final List<String> ARTIFACTS = List.of(
            "standalone/target/infinito-standalone-0.1.0-SNAPSHOT.jar",
            "tokenizer-service/target/quarkus-app/quarkus-run.jar",
            "dataset-service/target/quarkus-app/quarkus-run.jar",
            "trainer-service/target/quarkus-app/quarkus-run.jar",
            "inference-service/target/quarkus-app/quarkus-run.jar");

    @TempDir
    Path dir;

    private Path home;
    private Path bin;

    @BeforeEach
    void makeTree() throws IOException {
        home = Files.createDirectories(dir.resolve("home"));
        bin = Files.createDirectories(dir.resolve("bin"));
        Files.copy(Path.of(System.getProperty("infinito.home"), "infinito"), home.resolve("infinito"));
        Files.setPosixFilePermissions(home.resolve("infinito"), PosixFilePermissions.fromString("rwxr-xr-x"));
        for (String tool : TOOLS) {
            Path original = Files.exists(Path.of("/usr/bin", tool)) ? Path.of("/usr/bin", tool) : Path.of("/bin", tool);
            Files.createSymbolicLink(bin.resolve(tool), original);
        }
        Files.createDirectories(home.resolve("proto/src/main"));
        Files.createDirectories(home.resolve("proto/src/test"));
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        Files.writeString(home.resolve("proto/pom.xml"), "<project/>");
    }

    @Test
    void aMissingJdkIsSaidInOneLine() throws Exception {
        Result result = infinito("jobs");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.output).startsWith("infinito: no java on the PATH: install a JDK of version 17 or later");
        assertThat(result.output.lines()).hasSize(1);
    }

    @Test
    void anOldJavaIsSaidInOneLine() throws Exception {
        java("11.0.2");
        Result result = infinito("jobs");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.output)
                .isEqualTo("infinito: " + bin.resolve("java") + " is version 11: version 17 or later is needed\n");
    }

    @Test
    void aWrongJavaHomeIsSaidInOneLine() throws Exception {
        Result result = run(Map.of("JAVA_HOME", "/nowhere"), "jobs");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.output).startsWith("infinito: JAVA_HOME is /nowhere, which has no bin/java");
    }

    @Test
    void withoutMavenNothingCanBeBuilt() throws Exception {
        java("17.0.15");
        Result result = infinito("jobs");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.output).startsWith("infinito: no mvn on the PATH");
    }

    @Test
    void aRuntimeWithoutACompilerCannotBuild() throws Exception {
        java("17.0.15");
        program("mvn", "exit 0");
        Result result = infinito("jobs");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.output).contains("runtime without a compiler");
    }

    @Test
    void theFirstUseBuildsAndTheNextDoesNot() throws Exception {
        java("25");
        maven();
        assertThat(infinito("jobs", "--json").output)
                .contains("Building Infinito (nothing is built yet)")
                .contains("CLI jobs --json");
        assertThat(infinito("up").output).doesNotContain("Building").contains("CLI up");
    }

    @Test
    void onlyWhatStartsServicesBuildsAgainAfterAChange() throws Exception {
        java("17.0.15");
        maven();
        infinito("jobs");
        change(home.resolve("proto/src/test/Some.java"));
        assertThat(infinito("up").output).doesNotContain("Building");
        change(home.resolve("proto/src/main/Some.java"));
        assertThat(infinito("jobs").output).doesNotContain("Building");
        assertThat(run(Map.of("INFINITO_BUILD", "never"), "up").output).doesNotContain("Building");
        assertThat(infinito("quickstart").output)
                .contains("Building Infinito (./proto/src/main/Some.java has changed)");
    }

    @Test
    void aRunningInstallationKeepsItsJars() throws Exception {
        java("17.0.15");
        maven();
        infinito("jobs");
        change(home.resolve("pom.xml"));
        Path mark = home.resolve("target/running." + ProcessHandle.current().pid());
        Files.createFile(mark);
        assertThat(infinito("up").output)
                .contains("pom.xml has changed, but a running installation uses the build: not building");
        Files.delete(mark);
        assertThat(infinito("up").output).contains("Building");
    }

    @Test
    void aFailedBuildShowsItsErrorsAndRunsNothing() throws Exception {
        java("17.0.15");
        program("javac", "exit 0");
        program("mvn", "echo '[INFO] noise'; echo '[ERROR] this is wrong'; exit 1");
        Result result = infinito("jobs");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.output)
                .contains("[ERROR] this is wrong")
                .doesNotContain("noise")
                .contains("the build failed; its log is " + home.toRealPath().resolve("target/build.log"))
                .doesNotContain("CLI");
        // The next use tries again.
        assertThat(infinito("jobs").output).contains("Building");
    }

    @Test
    void aSymbolicLinkFindsTheTree() throws Exception {
        java("17.0.15");
        maven();
        Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("home/infinito"));
        Process process = process(Map.of(), link.toString(), "jobs");
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output).contains("-Dinfinito.home=" + home.toRealPath()).contains("CLI jobs");
    }

    private record Result(int code, String output) {}

    private Result infinito(String... args) throws Exception {
        return run(Map.of(), args);
    }

    private Result run(Map<String, String> environment, String... args) throws Exception {
        String[] command = new String[args.length + 1];
        command[0] = home.resolve("infinito").toString();
        System.arraycopy(args, 0, command, 1, args.length);
        Process process = process(environment, command);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    private Process process(Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        builder.environment().putAll(environment);
        return builder.start();
    }

    private void java(String version) throws IOException {
        program(
                "java",
                "if [ \"$1\" = -version ]; then echo 'openjdk version \"" + version + "\" 2026-01-01' >&2; exit 0; fi\n"
                        + "while [ $# -gt 0 ]; do case $1 in *.Infinito) shift; echo \"CLI $*\"; exit 0 ;; "
                        + "*) echo \"$1\"; shift ;; esac; done");
    }

    /** Makes what the real build makes. */
    private void maven() throws IOException {
        program("javac", "exit 0");
        StringBuilder script = new StringBuilder();
        for (String artifact : ARTIFACTS) {
            script.append("mkdir -p ")
                    .append(Path.of(artifact).getParent())
                    .append("; touch ")
                    .append(artifact)
                    .append('\n');
        }
        program("mvn", script.toString());
    }

    private void program(String name, String script) throws IOException {
        Path program = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void change(Path file) throws IOException {
        if (!Files.exists(file)) {
            // The folder stays as old as it was: it is the file that is to be noticed.
            FileTime before = Files.getLastModifiedTime(file.getParent());
            Files.createFile(file);
            Files.setLastModifiedTime(file.getParent(), before);
        }
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(60)));
    }
}
