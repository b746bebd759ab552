package io.infinito.standalone;

import java.nio.file.Files;
import java.nio.file.Path;

/** The services have another working directory than the user: a relative path means something only here. */
final class SourcePath {
    private static final String FILE_SCHEME = "file:";

    private SourcePath() {}

    /** A source whose path, if it is a relative one of this machine, is made absolute. */
    static String absolute(String source) {
        if (!source.startsWith(FILE_SCHEME) || source.startsWith(FILE_SCHEME + "/")) {
            return source;
        }
        Path path = Path.of(source.substring(FILE_SCHEME.length()));
        return FILE_SCHEME + path.toAbsolutePath().normalize();
    }

    /** A tokenizer whose name is that of a file here, with its absolute path; others as they are. */
    static String tokenizer(String name) {
        Path path = Path.of(name);
        return Files.isRegularFile(path) ? path.toAbsolutePath().normalize().toString() : name;
    }
}
