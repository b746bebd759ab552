/** Datasets for people: found by the beginning of an id, shown as tables, and their tokens as text. */
package io.infinito.standalone.datasets;
