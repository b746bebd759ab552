package io.infinito.ingest.source;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/** What the field {@code source} of a dataset's specification says. */
public sealed interface SourceAddress {
    /** A corpus that comes with the service. */
    record BuiltIn(String name) implements SourceAddress {}

    /** A file, a folder, or a pattern for the files of one, which the service can read. */
    record Local(String path) implements SourceAddress {}

    /** A configuration of a dataset on the HuggingFace hub. */
    record Hub(String owner, String name, String config, String revision) implements SourceAddress {}

    /** An object, a folder, or a pattern for the objects of one, on an S3 server. */
    record S3(String bucket, String key) implements SourceAddress {}

    /** One file of a web server. */
    record Http(String address) implements SourceAddress {}

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
        if (source.startsWith("http://") || source.startsWith("https://")) {
            return http(source);
        }
        throw new SourceException(
                "dataset.source: \"" + source
                        + "\" is not a source: expected builtin:tiny-tales, file:PATH, hf://owner/name/config, s3://bucket/key, https://host/file or wikitext-2-raw-v1");
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
            // A pattern need not be a path.
            return new Local(PathGlob.isPattern(path) ? path : Path.of(path).toString());
        } catch (InvalidPathException e) {
            throw new SourceException("dataset.source: \"" + source + "\" is not a path: " + e.getReason(), e);
        }
    }

    private static SourceAddress http(String source) {
        HttpUrl address = HttpUrl.parse(source);
        if (address == null) {
            throw new SourceException(
                    "dataset.source: \"" + source + "\" is not an address: expected https://host/file");
        }
        if (!address.username().isEmpty() || !address.password().isEmpty()) {
            // It would be in every manifest. The address stays out of the message for the same reason.
            throw new SourceException("dataset.source: an address must not have a name or password before its host");
        }
        if (address.pathSegments().get(address.pathSize() - 1).isEmpty()) {
            throw new SourceException(
                    "dataset.source: \"" + source + "\" names no file: expected an address like https://host/file.txt");
        }
        return new Http(source);
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
