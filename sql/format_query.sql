SELECT formatQuerySingleLine({str:sql}) AS sql
