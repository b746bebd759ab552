package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.ingest.source.SourceException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Datasets over HTTP: what there is, and a way to ask for one without a Kafka client. */
@Path("/v1/datasets")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class DatasetResource {
    private final DatasetCatalog catalog;
    private final RequestTopic requests;

    DatasetResource(DatasetCatalog catalog, RequestTopic requests) {
        this.catalog = catalog;
        this.requests = requests;
    }

    /** Every dataset's manifest. */
    @GET
    public String list() {
        return catalog.list().stream().map(ProtoJson::print).collect(Collectors.joining(",", "{\"datasets\":[", "]}"));
    }

    /** One dataset's manifest. */
    @GET
    @Path("{id}")
    public Response show(@PathParam("id") String id) {
        Optional<DatasetManifest> manifest = catalog.find(id);
        return manifest.isPresent()
                ? Response.ok(ProtoJson.print(manifest.get())).build()
                : error(Status.NOT_FOUND, "id: there is no dataset " + id);
    }

    /** Asks for the dataset of a specification; manifests with the request id answer it. */
    @POST
    public Response request(String body) throws InvalidJsonException {
        DatasetSpec spec = ProtoJson.parse(body, DatasetSpec.newBuilder()).build();
        // Refuses at once what no preparation could make good.
        DatasetDefinition.of(spec);
        DatasetRequest request = requests.publish(spec);
        return Response.accepted(new Accepted(request.getRequestId())).build();
    }

    @ServerExceptionMapper({InvalidJsonException.class, SourceException.class})
    Response refused(Exception e) {
        return error(Status.BAD_REQUEST, e.getMessage());
    }

    private static Response error(Status status, String sentence) {
        return Response.status(status)
                .type(MediaType.APPLICATION_JSON)
                .entity(new RestError(sentence))
                .build();
    }

    /** The body of an answer that is not the one asked for: a sentence that names the field. */
    public record RestError(String error) {}

    /** A request that was handed on. */
    public record Accepted(String requestId) {}
}
