import type { CodegenConfig } from '@graphql-codegen/cli';

// Nothing is left to guess: a scalar that is not here stops the generator.
const config: CodegenConfig = {
  schema: '../../schema.graphql',
  emitLegacyCommonJSImports: false,
  documents: ['story.ts'],
  generates: {
    './generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: {
          Date: 'string',
          DateTime: 'string',
          Decimal: 'string',
          EmailAddress: 'string',
          Url: 'string',
        },
      },
    },
  },
};

export default config;
