'use strict'

const { Op } = require('sequelize')
const { sequelize, Favorite, Mod } = require('../src/lib/sequelize.cjs')

async function run () {
  const mods = await Mod.findAll({
    attributes: ['id'],
    where: { status: { [Op.in]: ['ARCHIVED', 'DRAFT'] } },
    raw: true
  })

  const n = await Favorite.destroy({
    where: { modId: mods.map(m => m.id) }
  })

  console.log(`${n} favorites of ${mods.length} mods`)
}

run().finally(() => sequelize.close())
