package io.infinito.train;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** Training is plain Java; only the edges know what is around it. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.infinito.train");

    @Test
    void trainingKnowsNoFramework() {
        noClasses()
                .that()
                .resideInAPackage("io.infinito.train")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.quarkus..",
                        "jakarta..",
                        "io.smallrye..",
                        "org.apache.kafka..",
                        "io.infinito.storage..",
                        "io.infinito.events..",
                        "io.infinito.*.v1..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCircles() {
        SlicesRuleDefinition.slices()
                .matching("io.infinito.train.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }
}
