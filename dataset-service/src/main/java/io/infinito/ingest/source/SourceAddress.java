package io.infinito.ingest.source;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the field {@code source} of a dataset's specification says. */
public sealed interface SourceAddress {
    /** A corpus that comes with the service. */
    record BuiltIn(String name) implements SourceAddress {}

    /** A file or folder that the service can read. */
    record Local(Path path) implements SourceAddress {}

    /** A configuration of a dataset on the HuggingFace hub. */
    record Hub(String owner, String name, String config, String revision) implements SourceAddress {}

    /** An object, or all objects in a folder, of an S3 server. */
    record S3(String bucket, String key) implements SourceAddress {}

    /**
     * Reads the field.
     *
     * @throws SourceException if it is none of these
     */
    static SourceAddress parse(String source) {
        if (Syntax.WIKITEXT.contains(source)) {
            return new Hub("Salesforce", "wikitext", source, Syntax.DEFAULT_REVISION);
        }
        if (source.startsWith("builtin:")) {
            return builtIn(source.substring("builtin:".length()));
        }
        if (source.startsWith("file:")) {
            return local(source);
        }
        if (source.startsWith("hf://")) {
            return hub(source);
        }
        if (source.startsWith("s3://")) {
            return s3(source);
        }
        throw new SourceException(
                "dataset.source: \"" + source
                        + "\" is not a source: expected builtin:tiny-tales, file:PATH, hf://owner/name/config, s3://bucket/key or wikitext-2-raw-v1");
    }

    private static SourceAddress builtIn(String name) {
        if (!name.equals(TinyTales.NAME)) {
            throw new SourceException(
                    "dataset.source: there is no built-in corpus \"" + name + "\": expected " + TinyTales.NAME);
        }
        return new BuiltIn(name);
    }

    private static SourceAddress local(String source) {
        String path = source.substring("file:".length()).replaceFirst("^//(?=/)", "");
        if (path.isBlank() || path.startsWith("//")) {
            throw new SourceException("dataset.source: \"" + source + "\" names no path: expected file:PATH");
        }
        try {
            return new Local(Path.of(path));
        } catch (InvalidPathException e) {
            throw new SourceException("dataset.source: \"" + source + "\" is not a path: " + e.getReason(), e);
        }
    }

    private static SourceAddress hub(String source) {
        Matcher parts = Syntax.HUB.matcher(source);
        if (!parts.matches()) {
            throw new SourceException("dataset.source: \"" + source
                    + "\": expected hf://owner/name/config or hf://owner/name/config@revision");
        }
        String revision = parts.group("revision") == null ? Syntax.DEFAULT_REVISION : parts.group("revision");
        return new Hub(parts.group("owner"), parts.group("name"), parts.group("config"), revision);
    }

    private static SourceAddress s3(String source) {
        Matcher parts = Syntax.S3.matcher(source);
        if (!parts.matches()) {
            throw new SourceException("dataset.source: \"" + source
                    + "\": expected s3://bucket/key, with a bucket of 3 to 63 of a-z, 0-9, '.' and '-'");
        }
        return new S3(parts.group("bucket"), parts.group("key"));
    }

    /** How addresses are written. */
    final class Syntax {
        private static final Set<String> WIKITEXT =
                Set.of("wikitext-2-raw-v1", "wikitext-2-v1", "wikitext-103-raw-v1", "wikitext-103-v1");
        private static final String DEFAULT_REVISION = "main";
        private static final Pattern HUB = Pattern.compile(
                "hf://(?<owner>[\\w.-]+)/(?<name>[\\w.-]+)/(?<config>[\\w.-]+)(?:@(?<revision>[\\w./-]+))?");
        private static final Pattern S3 =
                Pattern.compile("s3://(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?<key>.+)", Pattern.DOTALL);

        private Syntax() {}
    }
}
