/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP status under which a ClickHouse server answers with an error.
 *   src/Server/HTTP/exceptionCodeToHTTPStatus.cpp of ClickHouse
 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* 4xx or 5xx for the server's error number; 500 for one that has no status of its own. */
unsigned http_status_of(int server_code);

#endif
