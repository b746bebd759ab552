/**
 * What lies in the object store for a job: the names of its objects and the small JSON documents between the weights. JSON is read
 * and written as trees, without reflection, so that the natively compiled server needs no registration.
 */
package io.infinito.checkpoint;
