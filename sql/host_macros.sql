SELECT macro, substitution FROM remote({str:host}, system.macros, {str:user})
