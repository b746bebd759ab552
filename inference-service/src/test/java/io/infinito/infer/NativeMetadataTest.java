package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.lang3.ClassUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is registered for the native image exists: libraries move their classes, and the compiler passes over names that it does not find, so
 * that the binary fails where the name is needed.
 */
class NativeMetadataTest {
    private static final String FOLDER = "META-INF/native-image/io.infinito/";

    @Test
    void everyTypeAndMemberExists() {
        List<String> missing = new ArrayList<>();
        for (JsonNode entry : entries("reflection")) {
            String type = entry.get("type").asText();
            try {
                missing.addAll(missingMembers(type, entry));
            } catch (ClassNotFoundException e) {
                missing.add(type);
            }
        }
        assertThat(missing).isEmpty();
    }

    /** Names of methods and fields that the class does not have. */
    private static List<String> missingMembers(String type, JsonNode entry) throws ClassNotFoundException {
        Class<?> found = load(type);
        List<String> missing = new ArrayList<>();
        for (JsonNode method : entry.path("methods")) {
            String name = method.get("name").asText();
            List<String> parameters = new ArrayList<>();
            method.path("parameterTypes").forEach(parameter -> parameters.add(parameter.asText()));
            boolean exists = name.equals("<init>")
                    ? Arrays.stream(found.getDeclaredConstructors())
                            .anyMatch(constructor ->
                                    names(constructor.getParameterTypes()).equals(parameters))
                    : Stream.concat(Arrays.stream(found.getMethods()), Arrays.stream(found.getDeclaredMethods()))
                            .anyMatch(candidate -> candidate.getName().equals(name)
                                    && names(candidate.getParameterTypes()).equals(parameters));
            if (!exists) {
                missing.add(type + "." + name + parameters);
            }
        }
        for (JsonNode field : entry.path("fields")) {
            String name = field.get("name").asText();
            if (Arrays.stream(found.getDeclaredFields())
                    .noneMatch(candidate -> candidate.getName().equals(name))) {
                missing.add(type + "." + name);
            }
        }
        return missing;
    }

    private static List<String> names(Class<?>[] types) {
        return Arrays.stream(types).map(Class::getTypeName).toList();
    }

    /** Arrays are written as in Java. */
    private static Class<?> load(String type) throws ClassNotFoundException {
        return ClassUtils.getClass(NativeMetadataTest.class.getClassLoader(), type, false);
    }

    @Test
    void everyResourceExists() {
        ClassLoader loader = NativeMetadataTest.class.getClassLoader();
        // Libraries have a * where the version is.
        assertThat(entries("resources"))
                .extracting(entry -> entry.get("glob").asText())
                .filteredOn(glob -> !glob.contains("*"))
                .isNotEmpty()
                .allMatch(resource -> loader.getResource(resource) != null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt", "decode", "mapped", "inspect", "copy"})
    void theNetworksAreRegistered(String name) {
        String resource = "io/infinito/gpt/" + name + ".torchscript";
        assertThat(NativeMetadataTest.class.getClassLoader().getResource(resource))
                .as(resource)
                .isNotNull();
        assertThat(entries("resources"))
                .extracting(entry -> entry.get("glob").asText())
                .anyMatch(glob ->
                        FileSystems.getDefault().getPathMatcher("glob:" + glob).matches(Path.of(resource)));
    }

    private static List<JsonNode> entries(String kind) {
        List<JsonNode> entries = new ArrayList<>();
        for (String artifact : List.of("infinito-model", "infinito-inference-service")) {
            String resource = FOLDER + artifact + "/reachability-metadata.json";
            try {
                List<URL> urls = Collections.list(
                        NativeMetadataTest.class.getClassLoader().getResources(resource));
                assertThat(urls).as(resource).hasSize(1);
                new ObjectMapper().readTree(urls.get(0)).path(kind).forEach(entries::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        assertThat(entries).as(kind).isNotEmpty();
        return entries;
    }
}
