/** Which checkpoint is served: found by its alias, downloaded, verified, loaded beside the one before, swapped, and freed after its last request. */
package io.infinito.infer.model;
