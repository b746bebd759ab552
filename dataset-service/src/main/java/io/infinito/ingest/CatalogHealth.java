package io.infinito.ingest;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready once the catalog knows the datasets that exist. */
@Readiness
@ApplicationScoped
public class CatalogHealth implements HealthCheck {
    private final DatasetCatalog catalog;

    CatalogHealth(DatasetCatalog catalog) {
        this.catalog = catalog;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("dataset catalog")
                .status(catalog.isCaughtUp())
                .build();
    }
}
