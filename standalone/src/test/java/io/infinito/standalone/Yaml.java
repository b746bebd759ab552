package io.infinito.standalone;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** YAML files as maps and lists, with anchors and merge keys resolved. */
final class Yaml {
    private Yaml() {}

    /** The documents of a file. A key that stands twice is an error. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> documents(Path file) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        List<Map<String, Object>> documents = new ArrayList<>();
        new org.yaml.snakeyaml.Yaml(new SafeConstructor(options))
                .loadAll(text(file))
                .forEach(document -> documents.add((Map<String, Object>) document));
        return documents;
    }

    /** What is found by going down {@code path}; fails where a step is missing. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <T> T at(Map<String, Object> document, String... path) {
        Object node = document;
        for (String step : path) {
            node = ((Map<String, Object>) node).get(step);
            if (node == null) {
                throw new AssertionError("no " + step + " of " + String.join(".", path));
            }
        }
        return (T) node;
    }

    /** Leaves by their dotted names. */
    static Map<String, Object> flat(Map<String, Object> document) {
        Map<String, Object> leaves = new TreeMap<>();
        flatten("", document, leaves);
        return leaves;
    }

    @SuppressWarnings("unchecked")
    private static void flatten(String prefix, Map<String, Object> node, Map<String, Object> leaves) {
        node.forEach((key, value) -> {
            if (value instanceof Map<?, ?> map) {
                flatten(prefix + key + ".", (Map<String, Object>) map, leaves);
            } else {
                leaves.put(prefix + key, value);
            }
        });
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
