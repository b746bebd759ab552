package io.infinito.standalone;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * What a service's sources say about its configuration.
 *
 * @param name as compose and Kubernetes call it
 * @param httpPort of health, metrics and REST
 * @param grpcPort if it has one
 * @param variables every environment variable that sets one of its properties
 */
record DeployedService(String name, int httpPort, Optional<Integer> grpcPort, Set<String> variables) {

    /** Reads the module {@code <name>-service}. */
    static DeployedService read(Path root, String name) {
        Path main = root.resolve(name + "-service/src/main");
        Properties file = properties(main.resolve("resources/application.properties"));
        Set<String> properties = new TreeSet<>(file.stringPropertyNames());
        properties.addAll(mappedProperties(root.resolve("storage/src/main/java")));
        properties.addAll(mappedProperties(main.resolve("java")));
        properties.add("infinito.topics.prefix");
        return new DeployedService(
                name,
                Integer.parseInt(file.getProperty("quarkus.http.port")),
                Optional.ofNullable(file.getProperty("quarkus.grpc.server.port"))
                        .map(Integer::valueOf),
                properties.stream().map(DeployedService::variable).collect(Collectors.toUnmodifiableSet()));
    }

    /** All ports that it listens on. */
    Set<Integer> ports() {
        Set<Integer> ports = new HashSet<>(Set.of(httpPort));
        grpcPort.ifPresent(ports::add);
        return ports;
    }

    /** Short, for the names of tests. */
    @Override
    public String toString() {
        return name;
    }

    private static Properties properties(Path file) {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            properties.load(in);
            return properties;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String variable(String property) {
        return property.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** The sources are parsed rather than loaded: this module does not depend on the services. */
    private static Set<String> mappedProperties(Path java) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Set<String> properties = new HashSet<>();
        try (Stream<Path> tree = Files.walk(java);
                StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<Path> sources = tree.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> Yaml.text(file).contains("@ConfigMapping"))
                    .toList();
            JavacTask task = (JavacTask)
                    compiler.getTask(null, files, null, null, null, files.getJavaFileObjectsFromPaths(sources));
            task.parse().forEach(unit -> unit.accept(new MappingScanner(properties), null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    /** Collects the properties of every interface that is a {@code @ConfigMapping}. */
    private static final class MappingScanner extends TreeScanner<Void, Void> {
        private final Set<String> properties;

        MappingScanner(Set<String> properties) {
            this.properties = properties;
        }

        @Override
        public Void visitClass(ClassTree type, Void unused) {
            prefix(type).ifPresent(prefix -> collect(type, prefix));
            return super.visitClass(type, null);
        }

        private void collect(ClassTree type, String prefix) {
            for (Tree member : type.getMembers()) {
                if (member instanceof MethodTree method && method.getBody() == null) {
                    String property = prefix + "." + kebab(method.getName().toString());
                    nested(type, method.getReturnType().toString())
                            .ifPresentOrElse(group -> collect(group, property), () -> properties.add(property));
                }
            }
        }

        private static Optional<ClassTree> nested(ClassTree type, String name) {
            return type.getMembers().stream()
                    .filter(ClassTree.class::isInstance)
                    .map(ClassTree.class::cast)
                    .filter(member -> member.getSimpleName().contentEquals(name))
                    .findFirst();
        }

        private static Optional<String> prefix(ClassTree type) {
            return type.getModifiers().getAnnotations().stream()
                    .filter(annotation ->
                            annotation.getAnnotationType().toString().equals("ConfigMapping"))
                    .map(AnnotationTree::getArguments)
                    .flatMap(List::stream)
                    .map(AssignmentTree.class::cast)
                    .filter(argument -> argument.getVariable().toString().equals("prefix"))
                    .map(argument -> (String) ((LiteralTree) argument.getExpression()).getValue())
                    .findFirst();
        }

        private static String kebab(String camelCase) {
            return camelCase.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
        }
    }
}
