package io.infinito.train.job;

import io.infinito.events.ProtoJson;
import io.infinito.training.v1.TrainJobStatus;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Comparator;
import java.util.stream.Collectors;

/** Runs and their epochs, as JSON of the messages that the topics carry. */
@Path("/v1/runs")
@Produces(MediaType.APPLICATION_JSON)
public class RunsResource {
    private final RunHistory history;

    RunsResource(RunHistory history) {
        this.history = history;
    }

    /** The last status of every job, the newest first. */
    @GET
    public String list() {
        return history.statuses().stream()
                .sorted(Comparator.comparing(TrainJobStatus::getUpdatedAt).reversed())
                .map(ProtoJson::print)
                .collect(Collectors.joining(",", "[", "]"));
    }

    /** The last status of one job. */
    @GET
    @Path("{jobId}")
    public String get(@PathParam("jobId") String jobId) {
        return ProtoJson.print(find(jobId));
    }

    /** The epochs of one job, in order. */
    @GET
    @Path("{jobId}/epochs")
    public String epochs(@PathParam("jobId") String jobId) {
        find(jobId);
        return history.epochs(jobId).stream().map(ProtoJson::print).collect(Collectors.joining(",", "[", "]"));
    }

    private TrainJobStatus find(String jobId) {
        return history.status(jobId)
                .orElseThrow(() -> new NotFoundException(Response.status(Response.Status.NOT_FOUND)
                        .type(MediaType.APPLICATION_JSON)
                        .entity(new Problem("there is no job '" + jobId + "'"))
                        .build()));
    }

    /**
     * The body of every refusal.
     *
     * @param error a sentence
     */
    public record Problem(String error) {}
}
