SELECT formatQuery({str:sql}) AS sql
