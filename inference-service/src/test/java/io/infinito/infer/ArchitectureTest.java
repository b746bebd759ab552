package io.infinito.infer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** Sampling and decoding are plain Java; only the edges know gRPC, Kafka and the messages. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.infinito.infer");

    @Test
    void decodingKnowsNoEdge() {
        noClasses()
                .that()
                .resideInAnyPackage("io.infinito.infer.sampling..", "io.infinito.infer.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.quarkus..",
                        "jakarta..",
                        "io.grpc..",
                        "org.apache.kafka..",
                        "io.infinito.storage..",
                        "io.infinito.events..",
                        "io.infinito.*.v1..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCircles() {
        SlicesRuleDefinition.slices()
                .matching("io.infinito.infer.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }
}
